"""Whether an exported file paints what the generator paints."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from stylegan_pl.inference.any_size import pad_to_stride, stride_of
from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.tensors import to_float, to_uint8

Pictures = NDArray[np.uint8]
"""(N, H, W, 3)."""

Runner = Callable[[Pictures, Pictures], Pictures]
"""Photographs, a style for those that take one -> paintings, by the program that the file is for."""

STYLE_SIDE = 64  # pixels, a multiple of every stride that encoders have


class Agreement(NamedTuple):
    """Differences over one picture, in steps of 1/255."""

    height: int
    width: int
    largest: float
    mean: float


def agreements(generator: nn.Module, runner: Runner, sizes: Sequence[tuple[int, int]]) -> list[Agreement]:
    """A photograph at several (height, width), painted by both."""
    style = photograph("coffee.png", STYLE_SIDE, STYLE_SIDE)
    found = []
    for height, width in sizes:
        image = photograph("astronaut.png", height, width)
        difference = np.abs(runner(image, style).astype(np.int16) - painted(generator, image, style))
        found.append(Agreement(height, width, float(difference.max()), float(difference.mean())))
    return found


@torch.no_grad()
def painted(generator: nn.Module, image: Pictures, style: Pictures) -> Pictures:
    """By the generator itself."""
    height, width = image.shape[1:3]
    inside = pad_to_stride(planes(image), stride_of(generator))
    conditions = (planes(style),) if getattr(generator, "takes_style", False) else ()
    return pixels(generator(inside, *conditions)[..., :height, :width])


def planes(image: Pictures, device: str = "cpu") -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) in [-1, 1], on the device."""
    return to_float(torch.from_numpy(image).to(device).permute(0, 3, 1, 2))


def pixels(planes: Tensor) -> Pictures:
    """(N, 3, H, W) in [-1, 1] -> (N, H, W, 3) uint8."""
    return to_uint8(planes).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def photograph(name: str, height: int, width: int) -> Pictures:
    """One of scikit-image's, from inside its wheel, at any size."""
    spec = find_spec("skimage")
    assert spec is not None and spec.origin is not None
    image = read_image(Path(spec.origin).parent / "data" / name)
    return np.array(image.resize((width, height), Image.Resampling.LANCZOS))[None]
