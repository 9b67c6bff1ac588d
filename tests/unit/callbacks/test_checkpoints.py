"""Which states are kept, and what is the best, asked of the callback alone."""

import math
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from unit.models.tiny_methods import critic, game, generator, parts

from stylegan_pl.callbacks.checkpoints import RunCheckpoints
from stylegan_pl.models.vanilla import VanillaGAN


class Saving:
    """As much of a trainer as saves; a file holds the images seen."""

    is_global_zero, sanity_checking = True, False

    def __init__(self, model: VanillaGAN) -> None:
        self.model, self.callback_metrics, self.callbacks, self.loggers = model, {}, [], []
        self.strategy = SimpleNamespace(barrier=lambda name: None)

    def save_checkpoint(self, path: Path) -> None:
        """Text for a state."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(str(self.model.clock.images_seen))


def model() -> VanillaGAN:
    return VanillaGAN(parts(generator(1), critic(3), game()))


def validated(callback: RunCheckpoints, scores: list[float], *, begin: int = 0) -> dict[str, str]:
    """After a validation every 10 images with these scores; file -> images seen."""
    network = model()
    trainer = Saving(network)
    for number, score in enumerate(scores, 1):
        network.clock.images_seen = begin + 10 * number
        trainer.callback_metrics = {"val/kid": torch.tensor(score)}
        callback.on_validation_end(trainer, network)
    callback.on_train_end(trainer, network)
    return {path.name: path.read_text() for path in sorted(callback.folder.iterdir())}


def kept(folder: Path, mode: str = "min", **options) -> RunCheckpoints:
    callback = RunCheckpoints(str(folder), every_images=10**6, monitor="val/kid", mode=mode, **options)
    callback.setup(SimpleNamespace(callbacks=[]), model(), "fit")
    return callback


@pytest.mark.parametrize(
    ("mode", "scores", "best"),
    [
        ("min", [3.0, 1.0, 2.0], 20),
        ("max", [3.0, 1.0, 2.0], 10),
        ("min", [1.0, 1.0], 10),  # not worse is no better
        ("min", [math.nan, 2.0, math.nan], 20),
        ("min", [-math.inf, 2.0], 20),
        ("max", [math.inf, 2.0, 3.0], 30),
        ("min", [0.1, -0.2], 20),
    ],
)
def test_the_best_is_kept_beside_the_last(tmp_path, mode, scores, best):
    callback = kept(tmp_path, mode)
    assert validated(callback, scores) == {"best.ckpt": str(best), "last.ckpt": str(10 * len(scores))}
    assert (callback.best_images, callback.best_score) == (best, pytest.approx(scores[best // 10 - 1]))


def test_without_a_good_score_there_is_no_best(tmp_path):
    assert validated(kept(tmp_path), [math.nan, math.inf]) == {"last.ckpt": "20"}


def test_states_are_kept_past_each_multiple(tmp_path):
    found = validated(kept(tmp_path, keep_every_images=25), [1.0] * 8)
    assert [name for name in found if name.startswith("images-")] == [
        "images-000000030.ckpt", "images-000000050.ckpt", "images-000000080.ckpt"
    ]  # fmt: skip


def test_a_resumed_run_knows_its_best_and_what_was_kept(tmp_path):
    first = kept(tmp_path, keep_every_images=20)
    validated(first, [1.0, 3.0])
    again = kept(tmp_path, keep_every_images=20)
    again.load_state_dict(first.state_dict())
    assert (again.best_score, again.best_images) == (1.0, 10)
    found = validated(again, [2.0, 1.5], begin=20)
    assert found["best.ckpt"] == "10" and found["last.ckpt"] == "40"
    assert [name for name in found if name.startswith("images-")] == ["images-000000020.ckpt", "images-000000040.ckpt"]


def test_a_run_in_another_folder_does_not_have_the_best_of_the_first(tmp_path):
    first = kept(tmp_path / "first")
    validated(first, [1.0])
    other = kept(tmp_path / "other")
    other.load_state_dict(first.state_dict())
    assert validated(other, [2.0], begin=10)["best.ckpt"] == "20"


def test_what_a_killed_save_leaves_has_another_name(tmp_path):
    """The one before stays whole."""
    callback, network = kept(tmp_path), model()
    trainer = Saving(network)
    network.clock.images_seen = 10
    callback.on_train_end(trainer, network)

    def killed(path: Path) -> None:
        path.write_text("half")
        raise KeyboardInterrupt

    trainer.save_checkpoint = killed
    with pytest.raises(KeyboardInterrupt):
        callback.on_train_end(trainer, network)
    assert callback.last_path.read_text() == "10"


def test_nothing_is_saved_in_lightnings_sanity_check(tmp_path):
    callback, trainer = kept(tmp_path / "none"), Saving(model())
    trainer.sanity_checking = True
    callback.on_validation_end(trainer, trainer.model)
    assert not callback.folder.exists()
