"""The bar of a run measures the pace from its first step on."""

from types import SimpleNamespace

import torch

from stylegan_pl.callbacks.progress import RunProgress
from stylegan_pl.pictures import progress as module


def test_the_first_step_is_not_timed(train_config, monkeypatch, capsys) -> None:
    from stylegan_pl.training.build import build_model

    now = SimpleNamespace(s=0.0)
    monkeypatch.setattr(module.time, "monotonic", lambda: now.s)
    model, bar = build_model(train_config("max_images=400")), RunProgress()
    bar.on_train_start(None, model)
    for seconds in (50, 40, 40):  # four images a step; the first one allocates memory
        now.s += seconds
        model.clock.images_seen += 4
        bar.on_train_batch_end(None, model, {"train/generator/style": torch.tensor(1.5)}, None, 0)
    bar.on_exception(None, model, RuntimeError())
    assert capsys.readouterr().err.splitlines() == [
        "training: 8 of 400 images, 10.0 s/image, 1 h 05 min left, G style 1.5",
        "training: 12 of 400 images, 10.0 s/image, 1 h 05 min left, G style 1.5",
    ]
