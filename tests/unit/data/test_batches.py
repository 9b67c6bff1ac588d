"""A batch is the pairs of its keys, wherever and by whatever it was made."""

from pathlib import Path

import numpy as np
import pytest
import torch
from images_on_disk import write_images
from torch.utils.data import DataLoader

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.batches import PairBatches, unchanged
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Unpaired
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.data.problems import Problems

SIZE, BATCH = 16, 3


@pytest.fixture
def pairs(tmp_path: Path) -> StylePairs:
    for side in ("content", "style"):
        write_images(tmp_path / side, 7, size=24)
    sides = [ImageFolder(str(tmp_path / side), held_out=0.0) for side in ("content", "style")]
    return StylePairs(*sides, Unpaired(), split="train", size=SIZE, seed=0, problems=Problems(tmp_path / "bad.csv"))


def keys(batch: int) -> list[PairKey]:
    return [PairKey(0, (BATCH * batch + place) % 7) for place in range(BATCH)]


def assert_is(batch: StylePair, pairs: StylePairs, number: int) -> None:
    assert isinstance(batch, StylePair)
    for side in range(2):
        assert torch.equal(batch[side], torch.stack([pairs[key][side] for key in keys(number)]))
        assert batch[side].is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_batches_that_are_kept_stay_what_they_are(pairs: StylePairs, workers: int) -> None:
    stream = [keys(number) for number in range(12)]
    kept = list(DataLoader(PairBatches(pairs), batch_sampler=stream, num_workers=workers, collate_fn=unchanged))
    for number, batch in enumerate(kept):
        assert_is(batch, pairs, number)


def test_a_file_that_cannot_be_used_leaves_nothing_of_itself(pairs: StylePairs) -> None:
    pairs.pairing = PairedByName()  # content is read, and only then style found broken
    Path(pairs.styles[1]).write_bytes(b"no image")
    pairs.problems.limit = 1.0
    batch = PairBatches(pairs).__getitems__(keys(0))
    assert_is(batch, pairs, 0)
    assert np.array_equal(batch.content[1], pairs.pair(PairKey(0, 1)).content)


class Own(ImageFolder):
    """A folder as somebody writes one: it knows of no memory but its own."""

    def crop(self, path: Path, size: int, rng: np.random.Generator | None, **_: object) -> torch.Tensor:
        return torch.full((3, size, size), int(path.stem), dtype=torch.uint8)


def test_a_folder_of_ones_own_need_not_write_where_it_is_asked(pairs: StylePairs) -> None:
    pairs.content = Own(pairs.content.root)
    batch = PairBatches(pairs).__getitems__(keys(1))
    assert_is(batch, pairs, 1)
    assert batch.content[:, 0, 0, 0].tolist() == [key.index for key in keys(1)]
