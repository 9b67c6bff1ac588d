"""Features of places in a picture, brought to one width and length 1 so that they can be contrasted."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from stylegan_pl.nn.layers.init import init_xavier

_EPSILON = 1e-7  # added to a length, as in the authors' code: a feature of zeros stays one


class PatchProjector(nn.Module):
    """A two-layer perceptron a layer, then length 1 (Park et al., 2020, section 3).

    560,384 parameters at width 256 for layers of 3, 128, 256, 256 and 256 channels. Built from known widths: built by
    the first forward, as in the authors' code, its parameters come too late for optimizers, DDP and checkpoints.
    Weights start as Xavier's with gain 0.02, biases at 0, the authors' own settings.

    Args:
        channels: layer -> its channels.
        width: of hidden and projected features.
    """

    def __init__(self, channels: Mapping[str, int], *, width: int = 256) -> None:
        super().__init__()
        self.layers = list(channels)
        self.perceptrons = nn.ModuleList(  # no ModuleDict: it refuses layers named `half`, `type` or `enc.1`
            nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width)) for inputs in channels.values()
        )
        init_xavier(self, gain=0.02)

    def forward(self, layer: str, places: Tensor) -> Tensor:
        """Features of a layer at S places, (N, S, C) -> (N, S, width), each of length 1."""
        projected = self.perceptrons[self.layers.index(layer)](places)
        return projected / (projected.norm(dim=-1, keepdim=True) + _EPSILON)


def draw_places(features: Tensor, count: int) -> Tensor:
    """Different random places of a map (N, C, H, W), each an index into its H · W; all where these are fewer."""
    return torch.randperm(features[0, 0].numel(), device=features.device)[:count]


def at_places(features: Tensor, places: Tensor) -> Tensor:
    """A feature map's columns: (N, C, H, W), S places -> (N, S, C)."""
    return features.flatten(2)[:, :, places].transpose(1, 2)
