"""Compares the pictures of an exported file with the generator's."""

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
from stylegan_pl.inference.finish import check_is_finite
from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.tensors import to_float, to_uint8

Pictures = NDArray[np.uint8]
"""(N, H, W, 3)."""

Runner = Callable[[Pictures, Pictures], Pictures]
"""Photographs, a style for those that take one -> paintings, by the program that the file is for."""

STYLE_SIDE = 64  # pixels, a multiple of all encoders' strides


class Agreement(NamedTuple):
    """Differences in one picture, in steps of 1/255."""

    height: int
    width: int
    largest: float
    mean: float


def agreements(generator: nn.Module, runner: Runner, sizes: Sequence[tuple[int, int]]) -> list[Agreement]:
    """Paint a photograph at several (height, width) with both, and compare."""
    style = photograph("coffee.png", STYLE_SIDE, STYLE_SIDE)
    found = []
    for height, width in sizes:
        image = photograph("astronaut.png", height, width)
        own = painted(generator, image, style)
        difference = np.abs(runner(image, style).astype(np.int16) - own)
        found.append(Agreement(height, width, float(difference.max()), float(difference.mean())))
    return found


@torch.no_grad()
def painted(generator: nn.Module, image: Pictures, style: Pictures) -> Pictures:
    """The generator's own paintings, (N, H, W, 3) uint8, of photographs of the same shape.

    Raises:
        UserError: it paints nan or infinite numbers; the file's would be as black, and so agree.
    """
    height, width = image.shape[1:3]
    inside = pad_to_stride(planes(image), stride_of(generator))
    conditions = (planes(style),) if getattr(generator, "takes_style", False) else ()
    result = generator(inside, *conditions)
    check_is_finite(result, instead="give an earlier checkpoint")
    return pixels(result[..., :height, :width])


def planes(image: Pictures, device: str = "cpu") -> Tensor:
    """(N, H, W, 3) uint8 -> (N, 3, H, W) in [-1, 1], on the device."""
    return to_float(torch.from_numpy(image).to(device).permute(0, 3, 1, 2))


def pixels(planes: Tensor) -> Pictures:
    """(N, 3, H, W) in [-1, 1] -> (N, H, W, 3) uint8."""
    return to_uint8(planes).permute(0, 2, 3, 1).contiguous().cpu().numpy()


def photograph(name: str, height: int, width: int) -> Pictures:
    """A photograph of scikit-image's wheel, resized: (1, height, width, 3) uint8."""
    spec = find_spec("skimage")
    assert spec is not None and spec.origin is not None
    image = read_image(Path(spec.origin).parent / "data" / name)
    return np.array(image.resize((width, height), Image.Resampling.LANCZOS))[None]
