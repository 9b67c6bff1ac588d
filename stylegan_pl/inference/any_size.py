"""Runs a generator on pictures of any size, by padding."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from stylegan_pl.pictures.tensors import to_float, to_uint8

SMALLEST = 16  # pixels; with fewer, reflection padding in residual blocks at a quarter of the size fails
Tag = TypeVar("Tag")


def pad_to_stride(images: Tensor, stride: int) -> Tensor:
    """Pad by mirroring at the right and bottom, until both sides are multiples of `stride` and at least 16.

    (N, 3, H, W) -> (N, 3, H', W'); the picture is in the upper left corner.
    """
    height, width = images.shape[-2:]
    down, right = (-(-max(SMALLEST, side) // stride) * stride - side for side in (height, width))
    while down or right:  # reflection padding must be smaller than the picture, so tiny pictures need several steps
        step = (0, min(right, max(images.shape[-1] - 1, 0)), 0, min(down, max(images.shape[-2] - 1, 0)))
        mode = "reflect" if any(step) else "replicate"
        if mode == "replicate":  # one pixel wide or high: cannot be mirrored
            step = (0, right if images.shape[-1] == 1 else 0, 0, down if images.shape[-2] == 1 else 0)
        images = pad(images, step, mode=mode)
        right, down = right - step[1], down - step[3]
    return images


@torch.no_grad()
def stylize_images(generator: nn.Module, images: Tensor, *, dtype: torch.dtype = torch.float32) -> Tensor:
    """(N, 3, H, W) in [-1, 1] -> float32 of exactly the same shape, for any H and W.

    Args:
        images: on the generator's device.
        dtype: of the arithmetic; float32, or half precision under autocast.
    """
    height, width = images.shape[-2:]
    with torch.autocast(images.device.type, dtype=dtype, enabled=dtype != torch.float32):
        stylised = generator(pad_to_stride(images, padding_of(generator)))
    return stylised[..., :height, :width].float()


def stylize_batch(generator: nn.Module, pictures: Tensor, *, device: torch.device, dtype: torch.dtype) -> Tensor:
    """`stylize_images` of uint8 (N, 3, H, W), back as uint8 on the CPU."""
    return to_uint8(stylize_images(generator, to_float(pictures.to(device)), dtype=dtype)).cpu()


def stride_of(generator: nn.Module) -> int:
    """The generator's stride, to whose multiples sides are padded; 4 for networks without `stride`."""
    return int(getattr(generator, "stride", 4))


def grid_of(generator: nn.Module) -> int:
    """Tiles start at multiples of this: `grid`, if the network has it, or else the stride."""
    return int(getattr(generator, "grid", stride_of(generator)))


def has_strokes(generator: nn.Module) -> bool:
    """Whether the generator paints strokes, which have a size in pixels and look small in a large picture."""
    return bool(getattr(generator, "has_strokes", True))


def padding_of(generator: nn.Module) -> int:
    """Sides of whole pictures are padded to multiples of this: `pads_to`, if the network has it, or else the stride."""
    return int(getattr(generator, "pads_to", stride_of(generator)))


def batches_of_one_size(pictures: Iterable[tuple[Tag, Tensor]], batch_size: int) -> Iterator[tuple[list[Tag], Tensor]]:
    """Batch neighbours of equal size: ((tag, uint8 (3, H, W)), …) -> (tags, uint8 (N, 3, H, W)), N ≤ batch_size."""
    tags: list[Tag] = []
    waiting: list[Tensor] = []
    for tag, picture in pictures:
        if waiting and (picture.shape != waiting[0].shape or len(waiting) == batch_size):
            yield tags, _together(waiting)
            tags, waiting = [], []
        tags.append(tag)
        waiting.append(picture)
    if waiting:
        yield tags, _together(waiting)


def _together(pictures: list[Tensor]) -> Tensor:
    """Stack pictures; a single one, which may be large, is not copied."""
    return pictures[0][None] if len(pictures) == 1 else torch.stack(pictures)
