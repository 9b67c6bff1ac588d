"""A generator over pictures of any size."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from stylegan_pl.pictures.tensors import to_float, to_uint8

SMALLEST = 16  # pixels; below it residual blocks at a quarter of the size cannot reflect
Tag = TypeVar("Tag")


def pad_to_stride(images: Tensor, stride: int) -> Tensor:
    """Mirror pixels at the right and bottom until both sides are multiples of `stride`, and at least 16.

    (N, 3, H, W) -> (N, 3, H', W'); the picture stays in the upper left corner.
    """
    height, width = images.shape[-2:]
    down, right = (-(-max(SMALLEST, side) // stride) * stride - side for side in (height, width))
    while down or right:  # a mirror is at most one pixel smaller than the picture, so tiny ones take several
        step = (0, min(right, max(images.shape[-1] - 1, 0)), 0, min(down, max(images.shape[-2] - 1, 0)))
        mode = "reflect" if any(step) else "replicate"
        if mode == "replicate":  # one pixel wide or high: nothing to mirror
            step = (0, right if images.shape[-1] == 1 else 0, 0, down if images.shape[-2] == 1 else 0)
        images = pad(images, step, mode=mode)
        right, down = right - step[1], down - step[3]
    return images


@torch.no_grad()
def stylize_images(generator: nn.Module, images: Tensor, *, dtype: torch.dtype = torch.float32) -> Tensor:
    """(N, 3, H, W) in [-1, 1] -> float32 of the same shape: exact size, whatever the generator's stride.

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
    """What sides are padded to a multiple of; 4 for networks that do not say."""
    return int(getattr(generator, "stride", 4))


def has_strokes(generator: nn.Module) -> bool:
    """Whether what it changes has a size in pixels, beside which a large picture is large."""
    return bool(getattr(generator, "has_strokes", True))


def padding_of(generator: nn.Module) -> int:
    """What sides of whole pictures are padded to a multiple of: the stride, but for networks that pad themselves."""
    return int(getattr(generator, "pads_to", stride_of(generator)))


def batches_of_one_size(pictures: Iterable[tuple[Tag, Tensor]], batch_size: int) -> Iterator[tuple[list[Tag], Tensor]]:
    """Group neighbours of one size: ((tag, uint8 (3, H, W)), …) -> (tags, uint8 (N, 3, H, W)), N ≤ batch_size."""
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
    """One alone is not copied: it may be large."""
    return pictures[0][None] if len(pictures) == 1 else torch.stack(pictures)
