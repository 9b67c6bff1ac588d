"""A folder of pictures is painted to its end, whatever one of them sets off."""

import errno
import os
import re
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from stylegan_pl.errors import DataError, UserError
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.tiling import canvas as canvases
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.pictures.plan import plan
from stylegan_pl.stylizing.pictures import Call

ODD = 48  # pixels: the height of the picture that the generators below do not get on with


class Unhappy(nn.Module):
    """Does nothing to pictures, and something bad to those of one height."""

    stride = 4

    def __init__(self, bad) -> None:
        super().__init__()
        self.bad = bad

    def forward(self, images: Tensor) -> Tensor:
        if images.shape[-2] == ODD:
            self.bad()
        return images


def raising(error: Exception):
    def bad() -> None:
        raise error

    return bad


def album(folder: Path, heights: list[int]) -> Path:
    folder.mkdir()
    for number, height in enumerate(heights):
        Image.new("RGB", (32, height), (number, 9, 9)).save(folder / f"{number}.png")
    return folder


def painted(tmp_path: Path, generator: nn.Module, *, batch_size: int = 1, **tiling) -> tuple[Call, list[str]]:
    jobs = plan(tmp_path / "in", tmp_path / "out", image_format=None, overwrite=False)
    call = Call(Painter(generator, tiling=Tiling(**tiling)), None, quality=95, batch_size=batch_size)
    done = call.run(jobs)
    there = sorted(path.name for path in (tmp_path / "out").glob("*"))
    assert done == len(there)
    return call, there


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (lambda: torch.empty(2**61, dtype=torch.uint8), "memory ran out at 32×48 pixels; type tile=512"),
        (raising(MemoryError()), "memory ran out at 32×48 pixels"),
        (raising(torch.OutOfMemoryError("CUDA out of memory.")), "memory ran out at 32×48 pixels"),
        (raising(UserError("this generator needs 9 GB for its smallest tile")), "1.png: this generator needs 9 GB"),
        (raising(DataError("that mask is of another shape")), "that mask is of another shape"),
        (raising(RuntimeError("kernel size can't be greater than actual input size")), r"cannot be painted \(Runtime"),
        (raising(OSError(errno.ENOSPC, "No space left on device")), r"cannot be painted \(OSError.*No space left"),
    ],
    ids=["torch's words on a CPU", "python's memory", "a GPU's", "tiles", "mask", "network", "disk"],
)
@pytest.mark.parametrize("batch_size", [1, 4])
def test_one_picture_never_ends_a_folder(tmp_path, bad, said, batch_size):
    album(tmp_path / "in", [20, ODD, 20, 20])
    call, there = painted(tmp_path, Unhappy(bad), batch_size=batch_size)
    assert there == ["0.png", "2.png", "3.png"]
    (line,) = list(call.refused.values())
    assert re.search(said, line), line
    assert "1.png" in line or "mask" in line
    assert "\n" not in line


def test_a_picture_that_no_tile_fits_is_refused_alone(tmp_path):
    folder = album(tmp_path / "in", [20, 20])
    Image.new("RGB", (3000, 300)).save(folder / "large.png")
    call, there = painted(tmp_path, nn.Sequential(nn.Conv2d(3, 3, 3, padding=1)), memory_gb=1e-6)
    assert there == ["0.png", "1.png"]
    (line,) = list(call.refused.values())
    assert line.startswith(f"{folder / 'large.png'}: this generator needs")
    assert call.unknown is None


def test_a_disk_without_room_for_a_large_painting_is_said_before_it_is_painted(tmp_path, monkeypatch):
    def full(*_) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(canvases.os, "posix_fallocate", full)
    monkeypatch.setattr(canvases, "LARGE", 40 * 32)
    album(tmp_path / "in", [20, 44, 20])
    call, there = painted(tmp_path, Unhappy(raising(AssertionError("it was painted"))))
    assert there == ["0.png", "2.png"]
    assert "No space left on device" in next(iter(call.refused.values()))


def test_an_error_that_is_no_pictures_fault_is_kept_for_a_report(tmp_path):
    album(tmp_path / "in", [ODD, ODD])
    bug = ValueError("a bug of ours")
    call, there = painted(tmp_path, Unhappy(raising(bug)))
    assert not there
    assert call.unknown is bug
