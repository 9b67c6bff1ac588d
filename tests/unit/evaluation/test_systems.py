"""A checkpoint as an entrant of `evaluate`."""

from pathlib import Path

import pytest
import torch

from stylegan_pl.errors import UserError
from stylegan_pl.evaluation.fixed_set import Photograph
from stylegan_pl.evaluation.systems import Checkpoint
from stylegan_pl.generators.seed import SeedGenerator

NODE = {"_target_": "stylegan_pl.generators.seed.SeedGenerator", "width": 8}


def entrant(folder: Path, *, times: float) -> Checkpoint:
    """A checkpoint with random weights, multiplied."""
    torch.manual_seed(0)
    state = {f"generator.{key}": times * value for key, value in SeedGenerator(width=8).state_dict().items()}
    path = folder / "run.ckpt"
    torch.save({"config": {"model": {"generator": NODE}}, "state_dict": state, "images_seen": 7}, path)
    return Checkpoint("a", str(path), path, torch.device("cpu"), torch.float32)


def test_nan_is_told_and_not_scored_as_black_pictures(tmp_path):
    photographs = [Photograph("a.png", Path("a.png"), torch.randint(0, 256, (3, 32, 32), dtype=torch.uint8), None)]
    assert entrant(tmp_path, times=1.0).paint(photographs).float().std() > 0
    with pytest.raises(
        UserError, match=r"run\.ckpt: the generator paints nan or infinite numbers; type precision=fp32"
    ):
        entrant(tmp_path, times=1e30).paint(photographs)
