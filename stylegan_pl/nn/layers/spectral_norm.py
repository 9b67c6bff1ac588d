"""Spectral normalisation of all trained layers."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized


def add_spectral_norm(module: nn.Module) -> None:
    """W -> W / σ(W), σ the largest singular value of each convolution and linear layer, in place (Miyato et al., 2018).

    Uses torch's parametrisation: one power iteration per forward pass in train mode, none in eval mode; its two vectors
    are buffers, so they are saved in checkpoints. Frozen layers and layers that have it already are not changed.
    Initialise the weights before, because the vectors are computed from them.
    """
    for layer in list(module.modules()):  # a list, because modules are added in the loop
        trains = isinstance(getattr(layer, "weight", None), nn.Parameter) and not is_parametrized(layer)
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and trains:
            spectral_norm(layer)
            norms = cast(nn.ModuleList, cast(nn.ModuleDict, layer.parametrizations)["weight"])
            norms[0] = _InFloat32(norms[0])


class _InFloat32(nn.Module):
    """The parametrisation without autocast, because in half precision σ has an error in the third digit."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, weight: Tensor) -> Tensor:
        """W -> W / σ(W)."""
        with torch.autocast(weight.device.type, enabled=False):
            return self.norm(weight)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """An assigned weight is stored unchanged, and normalised when it is read."""
        return weight
