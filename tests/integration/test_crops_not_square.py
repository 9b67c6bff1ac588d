"""A run of crops that are not square: networks, metrics, grids, checkpoints and their evaluation."""

from pathlib import Path

import pytest
import torch
from conftest import SMALL
from PIL import Image
from preloaded import preloaded

from stylegan_pl.pictures import tensors as images
from stylegan_pl.runs.checkpoint import load
from stylegan_pl.training.run import run

SIZE = (32, 40)
WHOLE = ["data.content.load_size=null", "data.style.load_size=null"]
TINY = [word for word in SMALL if word.startswith(("generator@", "model.generator."))]
METHODS = {
    "vanilla": [*TINY, "image_loss=[style,content,palette]", "metric=[sliced_wasserstein,palette,ssim]"],
    "cut": [*TINY, "diff_augment=ada"],
    "cyclegan": [*TINY, "diff_augment=diffaugment"],
    "adain_scratch": [],
    "ast": TINY,
}


@pytest.mark.parametrize("method", METHODS)
def test_methods_train_on_them(method: str, train_config) -> None:
    small = [word for word in SMALL if not word.startswith(("generator@", "model.generator."))]
    config = train_config(f"model={method}", *METHODS[method], *small, "image_size=[32,40]", *WHOLE, small=False)
    assert run(config) == 0
    grid = Image.open(next(Path(config.run_dir, "samples").glob("*.png")))
    assert grid.size == images.grid([[torch.zeros(3, *SIZE)] * 3] * 4).size
    state = load(Path(config.run_dir, "checkpoints/last.ckpt"))
    assert state["config"]["image_size"] == list(SIZE) and state["images_seen"] == 8
    weights = [value for value in state["state_dict"].values() if isinstance(value, torch.Tensor)]
    assert len(weights) > 10 and all(torch.isfinite(value).all() for value in weights)


def test_evaluate_takes_the_runs_size(train_config, tmp_path: Path) -> None:
    assert (
        run(train_config("image_loss=none", "image_size=[32,40]", "data.workers=1", *WHOLE)) == 0
    )  # a worker's own memory
    done = preloaded("stylegan_pl.evaluate", "ckpt=run", "resamples=0", "cache=null", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert ", 32×40 px" in done.stdout
