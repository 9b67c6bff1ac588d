"""The interface of a backbone: a frozen network that gives four feature maps of an image, fine to coarse."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.random_conv import random_conv

MAPS = 4


class Backbone(nn.Module, ABC):
    """A frozen feature pyramid: gradients flow to the image, not to weights, and it is not saved in checkpoints.

    Args:
        channels: channels of each map.
        strides: stride of each map in image pixels; each is twice the previous one.
    """

    def __init__(self, *, channels: Iterable[int], strides: Iterable[int]) -> None:
        super().__init__()
        self.channels, self.strides = list(channels), list(strides)

    @abstractmethod
    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, 3, H, W) in [-1, 1] -> maps (N, channels[i], H / strides[i], W / strides[i])."""

    def train(self, mode: bool = True) -> "Backbone":
        """Frozen: stays in eval mode when its parent trains."""
        return super().train(False)


class RandomBackbone(Backbone):
    """Random convolutions, for tests and for machines without pretrained weights.

    Each map has two 3×3 convolutions with ReLU, the first of stride 2. The weights are a function of `seed`. Random
    deep features distinguish textures, but not objects, so results are worse than with pretrained ones.

    Args:
        width: channels of the finest map; each coarser one has twice as many.
        seed: seed of the weights.
    """

    def __init__(self, *, width: int = 32, seed: int = 0) -> None:
        channels = [width * 2**scale for scale in range(MAPS)]
        super().__init__(channels=channels, strides=[2, 4, 8, 16])
        generator = torch.Generator().manual_seed(seed)
        self.stages = nn.ModuleList(
            nn.Sequential(
                random_conv(before, after, 3, generator, stride=2, nonlinearity="relu"),
                nn.ReLU(),
                random_conv(after, after, 3, generator, nonlinearity="relu"),
                nn.ReLU(),
            )
            for before, after in zip([3, *channels[:-1]], channels, strict=True)
        )
        freeze(self)

    def forward(self, image: Tensor) -> list[Tensor]:
        """See `Backbone`."""
        return run_stages(self.stages, image)


def run_stages(stages: Iterable[nn.Module], x: Tensor) -> list[Tensor]:
    """The output of each stage; each stage gets the previous one's output."""
    maps = []
    for stage in stages:
        x = stage(x)
        maps.append(x)
    return maps
