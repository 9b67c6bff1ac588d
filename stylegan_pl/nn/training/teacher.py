"""A trained generator that teaches another one."""

from functools import cached_property

import torch
from torch import Tensor, nn

from stylegan_pl.nn.pretrained.fingerprint import weights_hash
from stylegan_pl.nn.pretrained.frozen import freeze


class Teacher(nn.Module):
    """T(x), frozen and without gradients; moves between devices with its parent, and is not saved in checkpoints.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same; is frozen in place.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = freeze(generator)

    @cached_property
    def fingerprint(self) -> str | None:
        """A hash of the weights."""
        return weights_hash(self.generator)

    def train(self, mode: bool = True) -> "Teacher":
        """Stays in eval mode when its parent trains, so it has no dropout."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> the same."""
        picture: Tensor = self.generator(images)
        return picture
