"""Converts sRGB to CIE Lab, in which distances correspond to perceived differences, and back."""

import torch
from torch import Tensor

_XYZ_OF_RGB = (  # IEC 61966-2-1: linear sRGB under D65
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_DELTA = 6 / 29  # below its cube, the cube root is replaced by a line (CIE 15:2004)


def lab(image: Tensor) -> Tensor:
    """sRGB (N, 3, H, W) in [-1, 1] -> L in [0, 100], a and b in about [-110, 110]; D65, 2° observer; same shape.

    Differentiable everywhere, with finite gradients; values outside [-1, 1] are allowed.

    >>> import torch
    >>> from stylegan_pl.nn.layers.lab import lab
    >>> white = lab(torch.ones(1, 3, 1, 1)).flatten()
    >>> [round(value, 3) + 0 for value in white.tolist()]  # L, a, b
    [100.0, 0.0, 0.0]
    """
    xyz = torch.einsum("ij,njhw->nihw", _matrix(image), _linear((image + 1) / 2))
    x, y, z = _root(xyz).unbind(1)
    return torch.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], dim=1)


def rgb(lab: Tensor) -> Tensor:
    """The inverse of `lab`: (N, 3, H, W) -> sRGB in [-1, 1]; outside of that range if sRGB does not have the colour.

    >>> import torch
    >>> from stylegan_pl.nn.layers.lab import lab, rgb
    >>> image = torch.tensor([-0.5, 0.0, 0.9]).reshape(1, 3, 1, 1)
    >>> torch.allclose(rgb(lab(image)), image, atol=1e-4)
    True
    """
    lightness, a, b = lab.unbind(1)
    y = (lightness + 16) / 116
    roots = torch.stack([y + a / 500, y, y - b / 200], dim=1)
    xyz = torch.where(roots > _DELTA, roots**3, 3 * _DELTA**2 * (roots - 4 / 29))
    linear = torch.einsum("ij,njhw->nihw", torch.linalg.inv(_matrix(lab)), xyz)
    curve = 1.055 * linear.clamp(min=0.0031308) ** (1 / 2.4) - 0.055
    return 2 * torch.where(linear > 0.0031308, curve, 12.92 * linear) - 1


def _matrix(like: Tensor) -> Tensor:
    """Linear RGB -> XYZ relative to white (R = G = B = 1), so that greys have a = b = 0; (3, 3)."""
    matrix = torch.tensor(_XYZ_OF_RGB, device=like.device, dtype=like.dtype)
    return matrix / matrix.sum(dim=1, keepdim=True)


def _linear(rgb: Tensor) -> Tensor:
    """Inverse of sRGB's transfer curve. Both branches are computed, each clamped to where its gradient is finite."""
    curve = ((rgb.clamp(min=0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(rgb > 0.04045, curve, rgb / 12.92)


def _root(share: Tensor) -> Tensor:
    """Cube root, with a line near 0."""
    root = share.clamp(min=_DELTA**3) ** (1 / 3)
    return torch.where(share > _DELTA**3, root, share / (3 * _DELTA**2) + 4 / 29)
