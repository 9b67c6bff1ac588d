"""Whole paintings, on which a style is measured once; training sees crops."""

from collections.abc import Sequence
from typing import overload

import torch
from torch import Tensor

from stylegan_pl.data.pairs import StylePairs
from stylegan_pl.pictures.crop_size import CropSize
from stylegan_pl.pictures.tensors import to_float

_LARGEST = 1280  # pixels per side; a larger painting is cropped in the middle, to limit memory


class WholePaintings(Sequence[tuple[str, Tensor]]):
    """A sequence of (file name, (1, 3, H, W) in [-1, 1]): each training painting at the size that crops are cut from.

    An unreadable painting is replaced by the next, as in training.

    Args:
        pairs: the training set.
        size: pixels of the training crops.
    """

    def __init__(self, pairs: StylePairs, size: CropSize) -> None:
        self.pairs, self.size = pairs, size

    def __len__(self) -> int:
        """Number of training paintings."""
        return len(self.pairs.styles)

    @overload
    def __getitem__(self, at: int) -> tuple[str, Tensor]: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[tuple[str, Tensor]]: ...
    def __getitem__(self, at: int | slice) -> tuple[str, Tensor] | Sequence[tuple[str, Tensor]]:
        """(file name, painting); the file is read at each access."""
        if isinstance(at, slice):
            return [self[index] for index in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        path, pixels = self.pairs.whole_style(at % len(self))
        height, width = pixels.shape[:2]
        top, left = max(0, height - _LARGEST) // 2, max(0, width - _LARGEST) // 2
        middle = pixels[top : top + _LARGEST, left : left + _LARGEST].copy()
        return path.name, to_float(torch.from_numpy(middle).permute(2, 0, 1)[None].contiguous())
