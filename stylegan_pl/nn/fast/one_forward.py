"""Runs several pictures through a network in one batch, for networks whose outputs do not depend on the batch."""

import torch
from torch import Tensor, nn


def in_one_forward(network: nn.Module, images: dict[str, Tensor]) -> dict[str, Tensor]:
    """Name -> the network's output for each of `images`, all of the same shape (N, C, H, W)."""
    made = network(torch.cat(list(images.values())))
    return dict(zip(images, made.chunk(len(images)), strict=True))


def one_by_one(network: nn.Module, images: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same, with one forward pass each, which needs less memory."""
    return {name: network(image) for name, image in images.items()}
