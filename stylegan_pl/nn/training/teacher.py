"""A trained generator that another one learns from."""

from functools import cached_property

import torch
from torch import Tensor, nn

from stylegan_pl.nn.pretrained.fingerprint import weights_hash
from stylegan_pl.nn.pretrained.frozen import freeze


class Teacher(nn.Module):
    """T(x), frozen and without gradients: it moves between devices with its parent, and is in no checkpoint of it.

    Args:
        generator: (N, 3, H, W) in [-1, 1] -> the same; it becomes the teacher's, in place.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = freeze(generator)

    @cached_property
    def fingerprint(self) -> str | None:
        """A hash of its weights."""
        return weights_hash(self.generator)

    def train(self, mode: bool = True) -> "Teacher":
        """It paints as it does in use, also while its parent trains: without dropout."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> the same."""
        picture: Tensor = self.generator(images)
        return picture
