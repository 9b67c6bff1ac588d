"""A pair is a pure function of (seed, epoch, index)."""

import itertools
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.decoded_cache import DecodedFolder
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Pairing, Unpaired
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.sampler import PairStream
from stylegan_pl.errors import DataError

SIZE = 4
N_CONTENTS, N_STYLES = 7, 5


def coded(number: int, side: int = 7) -> Image.Image:
    """Red is the column, green the row, blue the number of the image."""
    y, x = np.mgrid[0:side, 0:side]
    return Image.fromarray(np.stack([x, y, np.full_like(x, number)], -1).astype(np.uint8))


def fill(folder: Path, numbers: range, side: int = 7, extension: str = "png") -> None:
    folder.mkdir(parents=True)
    for number in numbers:
        coded(number, side).save(folder / f"{number:03}.{extension}")


Make = Callable[..., StylePairs]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    for side, count in (("content", N_CONTENTS), ("style", N_STYLES)):
        fill(tmp_path / side / "train", range(count))
        fill(tmp_path / side / "val", range(100, 103))

    def build(split: str = "train", seed: int = 0, pairing: Pairing | None = None, limit: float = 0.05) -> StylePairs:
        content, style = (ImageFolder(str(tmp_path / side), held_out=0.0) for side in ("content", "style"))
        return StylePairs(
            content, style, pairing or Unpaired(), split=split, size=SIZE, seed=seed,
            problems=Problems(tmp_path / "problems.csv", limit=limit),
        )  # fmt: skip

    return build


def numbers(pair: StylePair) -> tuple[int, int]:
    return int(pair.content[2, 0, 0]), int(pair.style[2, 0, 0])


def corner(image: torch.Tensor) -> tuple[int, int]:
    return int(image[0, 0, 0]), int(image[1, 0, 0])


def equal(a: StylePair, b: StylePair) -> bool:
    return torch.equal(a.content, b.content) and torch.equal(a.style, b.style)


KEYS = [PairKey(epoch, index) for epoch in range(3) for index in range(N_CONTENTS)]


def test_a_pair_is_uint8_and_the_index_names_its_content(make: Make) -> None:
    pairs = make()
    for key in KEYS:
        pair = pairs[key]
        assert isinstance(pair, StylePair)
        for image in pair:
            assert image.shape == (3, SIZE, SIZE) and image.dtype == torch.uint8
            left, _ = corner(image)
            assert image[0].tolist() == [list(range(left, left + SIZE))] * SIZE
        assert numbers(pair)[0] == key.index
        assert numbers(pair)[1] in range(N_STYLES)


def test_the_order_of_asking_changes_nothing(make: Make) -> None:
    forwards, backwards = make(), make()
    first = {key: forwards[key] for key in KEYS}
    second = {key: backwards[key] for key in reversed(KEYS)}
    assert all(equal(first[key], second[key]) for key in KEYS)
    assert all(equal(first[key], forwards[key]) for key in KEYS)  # and once more from the same object


def test_style_and_crops_change_between_epochs_and_seeds(make: Make) -> None:
    pairs, other_seed = make(), make(seed=1)
    for differ in (
        lambda index: (pairs[PairKey(0, index)], pairs[PairKey(1, index)]),
        lambda index: (pairs[PairKey(0, index)], other_seed[PairKey(0, index)]),
    ):
        couples = [differ(index) for index in range(N_CONTENTS)]
        assert any(numbers(a)[1] != numbers(b)[1] for a, b in couples)
        assert any(corner(a.content) != corner(b.content) for a, b in couples)
        assert any(corner(a.style) != corner(b.style) for a, b in couples)
        assert all(numbers(a)[0] == numbers(b)[0] for a, b in couples)


def test_over_epochs_a_content_meets_every_style_at_many_places(make: Make) -> None:
    pairs = make()
    seen = [pairs[PairKey(epoch, 3)] for epoch in range(60)]
    assert {numbers(pair)[1] for pair in seen} == set(range(N_STYLES))
    assert len({corner(pair.content) for pair in seen}) == 16  # (7 - 4 + 1)²
    assert any(corner(pair.content) != corner(pair.style) for pair in seen)  # unpaired: each its own


def test_an_epoch_is_the_larger_set_and_the_smaller_one_comes_round(make: Make, tmp_path: Path) -> None:
    pairs = make()
    assert len(pairs) == max(N_CONTENTS, N_STYLES)
    swapped = StylePairs(
        pairs.style, pairs.content, Unpaired(), split="train", size=SIZE, seed=0, problems=pairs.problems
    )
    assert len(swapped) == N_CONTENTS
    assert [numbers(swapped[PairKey(0, index)])[0] for index in range(7)] == [0, 1, 2, 3, 4, 0, 1]


def test_validation_pairs_are_fixed_and_cropped_in_the_middle(make: Make) -> None:
    val = make("val")
    first = [val[index] for index in range(len(val))]
    make()[PairKey(5, 2)]
    assert len(val) == 3
    assert all(equal(a, make("val")[index]) for index, a in enumerate(first))
    assert [numbers(pair)[0] for pair in first] == [100, 101, 102]
    assert all(corner(image) == (1, 1) for pair in first for image in pair)


def test_a_set_without_images_has_no_pairs(make: Make, tmp_path: Path) -> None:
    for path in (tmp_path / "style" / "val").iterdir():
        path.unlink()
    assert len(make("val")) == 0


# --- through real loaders


def loaded(pairs: StylePairs, *, workers: int, rank: int, ranks: int, batch_size: int, batches: int) -> list[StylePair]:
    stream = PairStream(len(pairs), batch_size=batch_size, seed=pairs.seed, rank=rank, ranks=ranks, position=lambda: 0)
    loader = DataLoader(pairs, batch_sampler=stream, num_workers=workers)
    return list(itertools.islice(iter(loader), batches))


@pytest.mark.parametrize("workers", [1, 2])
def test_the_number_of_workers_changes_nothing(make: Make, workers: int) -> None:
    alone = loaded(make(), workers=0, rank=0, ranks=1, batch_size=4, batches=4)
    helped = loaded(make(), workers=workers, rank=0, ranks=1, batch_size=4, batches=4)
    assert all(isinstance(batch, StylePair) for batch in alone + helped)
    assert alone[0].content.shape == (4, 3, SIZE, SIZE)
    assert all(equal(a, b) for a, b in zip(alone, helped, strict=True))


@pytest.mark.parametrize(("ranks", "batch_size"), [(2, 2), (4, 1)])
def test_the_number_of_ranks_changes_nothing(make: Make, ranks: int, batch_size: int) -> None:
    alone = loaded(make(), workers=0, rank=0, ranks=1, batch_size=4, batches=5)  # 20 pairs: nearly three epochs
    dealt = [
        loaded(make(), workers=0, rank=rank, ranks=ranks, batch_size=batch_size, batches=5) for rank in range(ranks)
    ]
    for number, batch in enumerate(alone):
        together = StylePair(*(torch.cat([hand[number][side] for hand in dealt]) for side in (0, 1)))
        assert equal(batch, together)


@pytest.mark.parametrize("seed", [0, 7, 2**32 + 5])
def test_draws_are_those_of_numpys_generator(make: Make, seed: int) -> None:
    """Seeded by (stream, seed, epoch + 1, index), whatever it is asked for and in whatever order."""
    expected = np.random.default_rng([zlib.crc32(b"content crop"), seed, 3, 11])
    found = make(seed=seed)._rng("content crop", 2, 11)
    for _ in range(3):
        assert found.integers(1000) == expected.integers(1000) and found.uniform() == expected.uniform()


# --- paired


def paired(tmp_path: Path, split: str = "train", limit: float = 0.05) -> StylePairs:
    content, style = (ImageFolder(str(tmp_path / side), held_out=0.0) for side in ("content", "style"))
    return StylePairs(
        content, style, PairedByName(), split=split, size=SIZE, seed=0,
        problems=Problems(tmp_path / "problems.csv", limit=limit),
    )  # fmt: skip


def test_partners_are_cropped_at_the_same_place(tmp_path: Path) -> None:
    fill(tmp_path / "content" / "train", range(4), side=12, extension="png")
    fill(tmp_path / "style" / "train", range(1, 6), side=12, extension="bmp")  # 0 and 4, 5 have no partner
    pairs = paired(tmp_path)
    assert len(pairs) == 3
    corners = set()
    for epoch in range(10):
        for index in range(3):
            pair = pairs[PairKey(epoch, index)]
            assert torch.equal(pair.content, pair.style)  # place and number are coded in the pixels
            assert numbers(pair)[0] == index + 1
            corners.add(corner(pair.content))
    assert len(corners) > 10


@pytest.mark.parametrize("side", ["content", "style"])
@pytest.mark.parametrize("number", [1, 3])
def test_a_bad_file_takes_its_partner_with_it(tmp_path: Path, side: str, number: int) -> None:
    """The next content beside the old style would teach that two places are one."""
    for each in ("content", "style"):
        fill(tmp_path / each / "train", range(4))
    (tmp_path / side / "train" / f"{number:03}.png").write_text("no picture")
    pairs = paired(tmp_path, limit=1.0)
    for index in range(4):
        pair = pairs[PairKey(0, index)]
        assert numbers(pair)[0] == numbers(pair)[1]
        assert torch.equal(pair.content, pair.style)


# --- files that cannot be used


def test_a_bad_file_is_replaced_by_the_next_and_reported(make: Make, tmp_path: Path) -> None:
    (tmp_path / "content" / "train" / "002.png").write_text("no picture")
    last = tmp_path / "content" / "train" / "006.png"
    coded(6, SIZE - 1).save(last)  # too small, and the next is the first
    pairs = make(limit=0.5)
    assert [numbers(pairs[PairKey(0, index)])[0] for index in range(7)] == [0, 1, 3, 3, 4, 5, 0]
    reasons = pairs.problems.read()
    assert {Path(file).name for file in reasons} == {"002.png", "006.png"}
    assert "cannot be read as an image" in reasons[str(tmp_path / "content" / "train" / "002.png")]
    assert "3×3 pixels is smaller than the crop of 4" in reasons[str(last)]


def test_too_many_bad_files_end_the_run(make: Make, tmp_path: Path) -> None:
    (tmp_path / "content" / "train" / "002.png").write_text("no picture")
    with pytest.raises(DataError, match=r"1 of 7 images cannot be used, more than 5% \(the last: .*002\.png"):
        make()[PairKey(0, 2)]


def test_no_usable_file_at_all_is_said(make: Make, tmp_path: Path) -> None:
    for path in (tmp_path / "style" / "train").iterdir():
        path.write_text("no picture")
    with pytest.raises(DataError, match=r"style: none of 5 images can be used; see .*problems\.csv"):
        make(limit=1.0)[PairKey(0, 0)]


def test_each_side_is_kept_decoded_by_itself(make: Make, tmp_path: Path) -> None:
    """And gives the same pairs."""
    plain, kept = make(), make()
    kept.keep_decoded(tmp_path / "cache")
    assert isinstance(kept.content, DecodedFolder) and isinstance(kept.style, DecodedFolder)
    for epoch, index in itertools.product(range(3), range(N_CONTENTS)):
        assert equal(kept[PairKey(epoch, index)], plain[PairKey(epoch, index)])
