"""Artificial motion for still pictures: a smooth random flow, and a picture warped by it."""

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

_CELLS = 4  # nodes per side of the coarse flow


def random_flow(like: Tensor, *, max_shift: float) -> Tensor:
    """A smooth flow for images (N, C, H, W): (N, 2, H, W) in pixels, x first.

    A shift of the whole picture, uniform in ± `max_shift` in each direction, plus an enlarged 4 × 4 map of normal
    displacements with standard deviation `max_shift` / 4. Uses torch's global random generator.
    """
    images, _, height, width = like.shape
    shift = like.new_empty(images, 2, 1, 1).uniform_(-max_shift, max_shift)
    coarse = like.new_empty(images, 2, _CELLS, _CELLS).normal_(std=max_shift / 4)
    return shift + interpolate(coarse, (height, width), mode="bicubic", align_corners=True)


def warp(image: Tensor, flow: Tensor) -> tuple[Tensor, Tensor]:
    """W(p) = I(p + f(p)), with bilinear interpolation.

    Args:
        image: (N, C, H, W), H and W at least 2.
        flow: f, (N, 2, H, W) in pixels, x first.

    Returns:
        W, (N, C, H, W), and a mask (N, 1, H, W) of 0 and 1: 1 where p + f(p) is inside the picture. Elsewhere W repeats
        the nearest border pixel.
    """
    height, width = image.shape[-2:]
    x = torch.arange(width, device=flow.device, dtype=flow.dtype) + flow[:, 0]
    y = torch.arange(height, device=flow.device, dtype=flow.dtype)[:, None] + flow[:, 1]
    grid = torch.stack([2 * x / (width - 1) - 1, 2 * y / (height - 1) - 1], dim=-1)  # (N, H, W, 2) in [-1, 1]
    known = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    moved = grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=True)
    return moved, known[:, None].to(image.dtype)
