"""Cuts a picture into overlapping tiles, and blends them."""

from typing import NamedTuple

import torch
from torch import Tensor


class Span(NamedTuple):
    """A tile along one side of a picture, in its pixels: core ⊆ shown ⊆ seen."""

    seen: tuple[int, int]  # the network's input
    core: tuple[int, int]  # shown by no other tile
    shown: tuple[int, int]  # the core, and the ramps of the blend around it

    @property
    def shown_in_seen(self) -> slice:
        """The shown part as a slice of the network's output."""
        return slice(self.shown[0] - self.seen[0], self.shown[1] - self.seen[0])

    def weights(self) -> Tensor:
        """Weights of the shown pixels: 1, with a ramp towards each neighbour; those of all tiles add up to 1."""
        weights = torch.ones(self.shown[1] - self.shown[0])
        before, behind = self.core[0] - self.shown[0], self.shown[1] - self.core[1]
        if before:
            weights[: 2 * before] = _ramp(2 * before)
        if behind:
            weights[-2 * behind :] = 1 - _ramp(2 * behind)
        return weights


def spans(length: int, tile: int, overlap: int, blend: int, stride: int) -> list[Span]:
    """Cut a side of `length` pixels into tiles of at most `tile` pixels, of about equal size.

    Args:
        length, tile, overlap: multiples of `stride`, so that every tile is aligned with the network's grid.
        overlap: pixels that a tile sees beyond its core on each side, unless the picture ends there.
        blend: half the width of the ramp between neighbours, at most `overlap`.

    Raises:
        ValueError: the overlaps are so large that a tile has no core.
    """
    largest = tile - 2 * overlap
    if length > tile and largest < stride:
        raise ValueError(f"tiles of {tile} pixels are all overlap ({overlap} on each side); try {4 * overlap}")
    count = 1 if length <= tile else -(-length // largest)
    size = -(-length // count // stride) * stride
    found = []
    for start in range(0, length, size):
        stop = min(start + size, length)
        ramp = min(blend, overlap, size // 2, (stop - start) // 2)
        found.append((start, stop, ramp))
    return [_span(found, index, overlap, length) for index in range(len(found))]


def _span(cores: list[tuple[int, int, int]], index: int, overlap: int, length: int) -> Span:
    start, stop, ramp = cores[index]
    before = min(ramp, cores[index - 1][2]) if index > 0 else 0
    behind = min(ramp, cores[index + 1][2]) if index + 1 < len(cores) else 0
    seen = max(0, start - overlap), min(length, stop + overlap)
    return Span(seen, (start, stop), (start - before, stop + behind))


def _ramp(pixels: int) -> Tensor:
    return (torch.arange(pixels) + 0.5) / pixels
