"""How alike two networks see a picture, whatever their widths (Jin et al., 2021; Kornblith et al., 2019)."""

import torch
from torch import Tensor

_EPSILON = 1e-12  # beside the squared norms of covariances; features that are the same everywhere are like nothing


def kernel_alignment(a: Tensor, b: Tensor) -> Tensor:
    """‖AᵀB‖² / (‖AᵀA‖ ‖BᵀB‖), Frobenius norms, of each picture; the mean over pictures, in [0, 1].

    A row of A (h w, C) and B (h w, D) is a place of the picture, less the mean of all places. It is 1 for features that
    are a rotation and a multiple of each other, so networks of different widths are compared without further weights.

    Departures from CAT (Jin et al., 2021), whose published code makes a row of each picture and subtracts no mean: at a
    batch of one that is 1 for any features, and features behind a ReLU are all alike by their mean. With the mean
    subtracted it is the linear CKA of Kornblith et al. (2019), of places.

    Args:
        a, b: (N, C, h, w) and (N, D, h, w).

    Raises:
        ValueError: pictures or places differ in number.
    """
    if (len(a), a.shape[2:]) != (len(b), b.shape[2:]):
        raise ValueError(f"the same places of the same pictures are compared, got {tuple(a.shape)}, {tuple(b.shape)}")
    with torch.autocast(a.device.type, enabled=False):  # sums over all places of a picture
        a, b = _centred(a), _centred(b)
        norms = _squared_norm(a, a) * _squared_norm(b, b)
        return (_squared_norm(a, b) / (norms + _EPSILON).sqrt()).mean()


def _centred(features: Tensor) -> Tensor:
    rows = features.float().flatten(2)
    return rows - rows.mean(dim=2, keepdim=True)  # (N, C, h w)


def _squared_norm(a: Tensor, b: Tensor) -> Tensor:
    """‖AᵀB‖² of each picture, covariances for sums: (N,)."""
    return (a @ b.transpose(1, 2) / a.shape[2]).square().sum(dim=(1, 2))
