"""Keeps the photograph's colours in a stylised picture."""

from enum import Enum
from typing import NamedTuple

import torch
from torch import Tensor

from stylegan_pl.nn.layers.luma import luma

_EPS = 1e-5  # added to variances, so that a picture of one colour has an inverse square root


class KeepColour(Enum):
    """Two ways to keep colours (Gatys et al., 2016, Preserving color in neural artistic style transfer)."""

    luma = "luma"  # each pixel's chroma is the photograph's, its luma the painting's
    coral = "coral"  # mean and covariance of all colours are the photograph's


class Recolouring(NamedTuple):
    """A linear map of colours, c ↦ A c + b: (N, 3, 3) and (N, 3, 1)."""

    matrix: Tensor
    offset: Tensor


def keep_chroma(content: Tensor, painted: Tensor) -> Tensor:
    """Y of the painting, Cb and Cr of the content, (N, 3, H, W) in [-1, 1].

    Chroma is a difference to Y, so the same amount is added to R, G and B; values out of range are clipped.
    """
    return (content + luma(painted - content)).clamp(-1, 1)


def coral(content: Tensor, painted: Tensor) -> Recolouring:
    """The map that gives painted colours the content's mean and covariance: A = Σ_c^½ Σ_p^−½, b = μ_c − A μ_p.

    CORAL (Sun et al., 2016), extended to means. Departure from AdaIN's code, which recolours the style painting before
    it is used: here the result is recoloured, so that it works with every generator.

    Args:
        content, painted: (N, 3, H, W) and (N, 3, h, w) in [-1, 1].
    """
    (content_mean, content_spread), (painted_mean, painted_spread) = _colours(content), _colours(painted)
    matrix = _power(content_spread, 0.5) @ _power(painted_spread, -0.5)
    offset = content_mean - matrix @ painted_mean
    return Recolouring(matrix.float().to(content.device), offset.float().to(content.device))


def recolour(painted: Tensor, recolouring: Recolouring) -> Tensor:
    """Apply the map to every pixel: (N, 3, H, W) in [-1, 1], clipped to that range."""
    colours = recolouring.matrix.to(painted.dtype) @ painted.flatten(2) + recolouring.offset.to(painted.dtype)
    return colours.view_as(painted).clamp(-1, 1)


def _colours(images: Tensor) -> tuple[Tensor, Tensor]:
    """Mean (N, 3, 1) and covariance (N, 3, 3) of the pixels, float64 on the CPU."""
    pixels = images.float().flatten(2).cpu().double()
    mean = pixels.mean(dim=2, keepdim=True)
    centred = pixels - mean
    return mean, centred @ centred.mT / pixels.shape[2] + _EPS * torch.eye(3, dtype=torch.float64)


def _power(spread: Tensor, exponent: float) -> Tensor:
    values, vectors = torch.linalg.eigh(spread)
    return vectors @ torch.diag_embed(values.clamp(min=_EPS) ** exponent) @ vectors.mT
