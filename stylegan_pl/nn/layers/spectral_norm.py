"""Spectral normalisation of every layer that trains."""

from typing import cast

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.nn.utils.parametrize import is_parametrized


def add_spectral_norm(module: nn.Module) -> None:
    """W -> W / σ(W), σ the largest singular value of each convolution and linear layer, in place (Miyato et al., 2018).

    torch's parametrisation: one power iteration a forward in train mode, none in eval mode; its two vectors are
    buffers, so that a resumed run goes on with them. Layers whose weights are frozen stay as they are, and so do those
    that are normed already. Draw the weights before: the vectors start from them.
    """
    for layer in list(module.modules()):  # a list: what is added below is no layer of the network
        trains = isinstance(getattr(layer, "weight", None), nn.Parameter) and not is_parametrized(layer)
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and trains:
            spectral_norm(layer)
            norms = cast(nn.ModuleList, cast(nn.ModuleDict, layer.parametrizations)["weight"])
            norms[0] = _InFloat32(norms[0])


class _InFloat32(nn.Module):
    """The parametrisation outside of autocast: in half precision σ, and so each weight, is off in the third digit."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm

    def forward(self, weight: Tensor) -> Tensor:
        """W -> W / σ(W)."""
        with torch.autocast(weight.device.type, enabled=False):
            return self.norm(weight)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """What is assigned to the weight is kept; its norm is taken when it is read."""
        return weight
