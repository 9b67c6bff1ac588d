"""Compares features of two networks of any widths (Jin et al., 2021; Kornblith et al., 2019)."""

import torch
from torch import Tensor

_EPSILON = 1e-12  # least deviation, and added to squared norms; constant features then have alignment 0


def kernel_alignment(a: Tensor, b: Tensor) -> Tensor:
    """‖AᵀB‖² / (‖AᵀA‖ ‖BᵀB‖), Frobenius norms, mean over pictures, in [0, 1].

    Rows of A (h w, C) and B (h w, D) are positions, minus the mean of all positions. It is 1 if the features are equal
    up to rotation and scale, so networks of different widths are compared without learned weights.

    Departures from CAT (Jin et al., 2021), whose code has one row per picture and subtracts no mean: for a batch of one
    that is always 1, and features after a ReLU are similar because of their mean. With the mean subtracted it is the
    linear CKA of Kornblith et al. (2019) over positions.

    Args:
        a, b: (N, C, h, w) and (N, D, h, w).

    Raises:
        ValueError: the numbers of pictures or positions differ.
    """
    if (len(a), a.shape[2:]) != (len(b), b.shape[2:]):
        raise ValueError(f"the same places of the same pictures are compared, got {tuple(a.shape)}, {tuple(b.shape)}")
    with torch.autocast(a.device.type, enabled=False):  # sums over all positions need float32
        a, b = _centred(a), _centred(b)
        norms = _squared_norm(a, a) * _squared_norm(b, b)
        return (_squared_norm(a, b) / (norms + _EPSILON).sqrt()).mean()


def _centred(features: Tensor) -> Tensor:
    """Minus the mean of all positions, and divided by the deviation, as the alignment is that of any scale."""
    rows = features.float().flatten(2)
    rows = rows - rows.mean(dim=2, keepdim=True)  # (N, C, h w)
    return rows / rows.square().mean(dim=(1, 2), keepdim=True).clamp(min=_EPSILON**2).sqrt()


def _squared_norm(a: Tensor, b: Tensor) -> Tensor:
    """‖AᵀB‖² of each picture, with covariances instead of sums: (N,)."""
    return (a @ b.transpose(1, 2) / a.shape[2]).square().sum(dim=(1, 2))
