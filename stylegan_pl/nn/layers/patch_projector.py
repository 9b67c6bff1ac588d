"""Projects features at positions of a picture to unit vectors, for contrastive losses."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from stylegan_pl.nn.layers.init import init_xavier

_EPSILON = 1e-7  # added to the norm, as in the authors' code; a zero vector stays zero


class PatchProjector(nn.Module):
    """A two-layer perceptron for each layer, then L2 normalisation (Park et al., 2020, section 3).

    560,384 parameters at width 256 for layers of 3, 128, 256, 256 and 256 channels. It needs to know channels in
    advance: if it were built in the first forward pass, as in the authors' code, optimizers, DDP and checkpoints would
    miss its parameters.
    Initialised by Xavier with gain 0.02, biases 0, as in the authors' code.

    Args:
        channels: layer -> channels.
        width: channels of hidden and projected features.
    """

    def __init__(self, channels: Mapping[str, int], *, width: int = 256) -> None:
        super().__init__()
        self.layers = list(channels)
        self.perceptrons = nn.ModuleList(  # not a ModuleDict, which refuses names such as `half`, `type` or `enc.1`
            nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, width)) for inputs in channels.values()
        )
        init_xavier(self, gain=0.02)

    def forward(self, layer: str, features: Tensor) -> Tensor:
        """Features of a layer at S positions, (N, S, C) -> (N, S, width), of norm 1."""
        projected = self.perceptrons[self.layers.index(layer)](features)
        return projected / (projected.norm(dim=-1, keepdim=True) + _EPSILON)


def draw_positions(features: Tensor, count: int) -> Tensor:
    """Distinct random positions of a map (N, C, H, W), as indices into H · W; all positions if there are fewer."""
    return torch.randperm(features[0, 0].numel(), device=features.device)[:count]


def at_positions(features: Tensor, positions: Tensor) -> Tensor:
    """Features at positions: (N, C, H, W), S indices -> (N, S, C)."""
    return features.flatten(2)[:, :, positions].transpose(1, 2)
