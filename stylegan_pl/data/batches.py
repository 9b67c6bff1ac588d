"""Loads a whole batch of pairs into one array, without a copy per picture."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.pictures.crop_size import sides


class PairBatches(Dataset[StylePair]):
    """`StylePairs` in batches: each picture is decoded and cropped directly into its place in the batch."""

    def __init__(self, pairs: StylePairs) -> None:
        self.pairs = pairs

    def __len__(self) -> int:
        """Pairs in an epoch."""
        return len(self.pairs)

    def __getitem__(self, key: PairKey | int) -> StylePair:
        """One pair, uint8 (3, H, W) each."""
        return self.pairs[key]

    def __getitems__(self, keys: Sequence[PairKey | int]) -> StylePair:
        """A batch, uint8 (N, 3, H, W) each, in channels-last memory, as decoders write it."""
        shape = (len(keys), *sides(self.pairs.size), 3)
        content, style = np.empty(shape, np.uint8), np.empty(shape, np.uint8)
        for key, *rows in zip(keys, content, style, strict=True):
            for row, picture in zip(rows, self.pairs.pair(key, (rows[0], rows[1])), strict=True):
                if picture.data_ptr() != row.__array_interface__["data"][0]:  # a user's own class ignored `into`
                    np.copyto(row, picture.permute(1, 2, 0).numpy())
        return StylePair(*(torch.from_numpy(side).permute(0, 3, 1, 2) for side in (content, style)))


def unchanged(batch: Any) -> Any:
    """The `collate_fn` for `PairBatches`, whose items are batches already."""
    return batch
