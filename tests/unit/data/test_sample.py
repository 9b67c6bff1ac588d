"""The sample set is made once, says what it is, and keeps its photographs apart; test_rendered.py: whole or absent."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylegan_pl.data.source import Source
from stylegan_pl.data.sources import sample
from stylegan_pl.data.sources.brushstrokes import paint
from stylegan_pl.data.sources.sample import COUNTS, PHOTOGRAPHS, SampleSource
from stylegan_pl.errors import UserError

SMALL = {"content/train": 6, "content/val": 2, "style/train": 6, "style/val": 2, "pairs/train": 3, "pairs/val": 2}


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    """The real builder on fewer, smaller pictures: the full set takes a quarter of a minute."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sample, "COUNTS", SMALL)
        patch.setattr(sample, "IMAGE_SIZE", 96)
        yield


@pytest.fixture(scope="module")
def built(small: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return SampleSource(into=str(tmp_path_factory.mktemp("data"))).fetch()


@pytest.fixture
def instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """One-file sets, for tests of how they get to their place."""

    def write(source: SampleSource, folder: Path) -> None:
        (folder / "picture").write_text(f"seed {source.seed}")

    monkeypatch.setattr(SampleSource, "write", write)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def photographs(*parts: str) -> set[str]:
    return {name for part in parts for name in PHOTOGRAPHS[part]}


def folders(part: str) -> list[str]:
    """Where the pictures of a part lie: a pair has two, pairs/content/train and pairs/style/train."""
    kind, split = part.split("/")
    return [f"pairs/content/{split}", f"pairs/style/{split}"] if kind == "pairs" else [part]


def test_layout_and_counts(built: Path) -> None:
    found = Counter(Path(name).parent.as_posix() for name in contents(built) if name != "README.txt")
    assert found == {folder: count for part, count in SMALL.items() for folder in folders(part)}


def test_every_picture_is_square_rgb_and_there_is_no_other_file(built: Path) -> None:
    for name in contents(built):
        if name != "README.txt":
            with Image.open(built / name) as image:
                assert (image.mode, image.size, image.format) == ("RGB", (96, 96), "PNG")


def test_the_published_counts() -> None:
    assert list(COUNTS.values()) == [48, 12, 32, 8, 16, 4]
    assert COUNTS.keys() == PHOTOGRAPHS.keys()


def test_no_photograph_is_shared() -> None:
    parts = ("content/train", "content/val", "style/train", "style/val")
    assert all(photographs(one).isdisjoint(photographs(other)) for one, other in combinations(parts, 2))
    assert photographs("pairs/train").isdisjoint(photographs("pairs/val"))
    assert photographs("pairs/train", "content/train").isdisjoint(photographs("pairs/val", "content/val"))
    assert photographs("pairs/train", "pairs/val").isdisjoint(photographs("style/train", "style/val"))


def test_files_come_from_the_photographs_named(built: Path) -> None:
    for part in SMALL:
        stems = {path.stem.rpartition("-")[0] for folder in folders(part) for path in (built / folder).iterdir()}
        assert stems and stems <= {Path(name).stem for name in PHOTOGRAPHS[part]}


def test_all_crops_differ(built: Path) -> None:
    pictures = [data for name, data in contents(built).items() if name != "README.txt"]
    assert len(set(pictures)) == len(pictures)


@pytest.mark.parametrize("split", ["train", "val"])
def test_a_pair_is_a_crop_and_its_own_painting(built: Path, split: str) -> None:
    photos, paintings = (built / folder for folder in folders(f"pairs/{split}"))
    names = sorted(path.name for path in photos.iterdir())
    assert names == sorted(path.name for path in paintings.iterdir())
    for name in names:
        photo, painting = (np.asarray(Image.open(folder / name)) for folder in (photos, paintings))
        assert np.array_equal(paint(photo, seed=0), painting)


def test_the_readme_says_that_these_are_no_paintings(built: Path) -> None:
    text = (built / "README.txt").read_text()
    assert "NOT paintings" in text
    assert "scikit-image" in text
    assert all(name in text for names in PHOTOGRAPHS.values() for name in names)


def test_the_second_call_builds_nothing(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = contents(built)
    monkeypatch.setattr(SampleSource, "write", lambda *_: pytest.fail("built again"))
    assert SampleSource(into=str(built.parent)).fetch() == built
    assert contents(built) == before


def test_same_seed_same_bytes(built: Path, small: None, tmp_path: Path) -> None:
    assert contents(SampleSource(into=str(tmp_path)).fetch()) == contents(built)


@pytest.mark.usefixtures("instant")
def test_seeds_have_their_own_folders(tmp_path: Path) -> None:
    assert SampleSource(into=str(tmp_path)).fetch() != SampleSource(into=str(tmp_path), seed=1).fetch()


@pytest.mark.parametrize("blow", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_build_leaves_nothing_behind(
    blow: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise blow

    monkeypatch.setattr(sample, "paint", interrupted)
    monkeypatch.setattr(sample, "COUNTS", dict.fromkeys(COUNTS, 1))
    with pytest.raises(blow):
        SampleSource(into=str(tmp_path)).fetch()
    assert list(tmp_path.iterdir()) == []


def test_a_missing_photograph_is_a_user_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "PHOTOGRAPHS", {"content/train": ("no_such.png",)})
    with pytest.raises(UserError, match=r"no_such\.png is missing; type: pip install"):
        SampleSource(into=str(tmp_path)).fetch()


# --- the set as a Source ---


@pytest.mark.usefixtures("instant")
def test_the_source_is_ready_once_fetched(tmp_path: Path) -> None:
    source = SampleSource(into=str(tmp_path / "data"), seed=3)
    assert not source.is_ready()
    assert source.fetch() == source.folder
    assert source.is_ready()
    assert not SampleSource(into=str(tmp_path / "data"), seed=4).is_ready()


def test_the_source_is_not_ready_while_half_there(tmp_path: Path) -> None:
    source = SampleSource(into=str(tmp_path))
    (source.folder / "content").mkdir(parents=True)
    assert not source.is_ready()


def test_the_source_says_in_one_line_that_nothing_is_downloaded() -> None:
    words = SampleSource(into="some/data").describe()
    assert "no download" in words and words.endswith("-> some/data")
    assert "\n" not in words


def test_the_source_needs_no_network() -> None:
    source: Source = SampleSource(into="data")
    assert source.needs_network is False
