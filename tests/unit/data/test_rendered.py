"""A rendered style set is whole or absent, made once, and made as it says."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylegan_pl.data.source import Source
from stylegan_pl.data.sources import built_once
from stylegan_pl.data.sources.built_once import build_once, is_built
from stylegan_pl.data.sources.photographs import load_photograph, random_square
from stylegan_pl.data.sources.renderers import source as rendered
from stylegan_pl.data.sources.renderers.source import COUNTS, PHOTOGRAPHS, RenderedSource
from stylegan_pl.data.sources.sample import PHOTOGRAPHS as SAMPLE
from stylegan_pl.errors import UserError


@dataclass(frozen=True)
class Negative:
    """A look that can be taken back."""

    strength: int = 1

    def __call__(self, photo, *, seed):
        return 255 - photo


@pytest.fixture(scope="module")
def small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendered, "COUNTS", {"train": 7, "val": 2})
        patch.setattr(rendered, "IMAGE_SIZE", 24)
        yield


def source(into: Path, renderer=Negative(), seed: int = 0) -> RenderedSource:
    return RenderedSource(into=str(into), name="negative-v1", renderer=renderer, seed=seed)


@pytest.fixture(scope="module")
def built(small: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return source(tmp_path_factory.mktemp("data")).fetch()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_layout_and_counts(built: Path) -> None:
    found = Counter(Path(name).parent.as_posix() for name in contents(built))
    assert found == {"style/train": 7, "style/val": 2, ".": 1}
    for path in built.rglob("*.png"):
        with Image.open(path) as image:
            assert (image.mode, image.size) == ("RGB", (24, 24))


def test_pictures_are_the_renderers_of_crops(built: Path) -> None:
    """Drawn again here, with the generator that the set says it uses."""
    rng = np.random.default_rng((0, 1))
    for index, name in enumerate(PHOTOGRAPHS["val"]):
        crop = random_square(load_photograph(name), 0.95, 24, rng)
        rng.integers(2**31)
        path = built / f"style/val/{Path(name).stem}-{index:02d}.png"
        assert np.array_equal(np.asarray(Image.open(path)), 255 - crop)


def test_no_photograph_is_in_both_splits_nor_held_out_of_the_content() -> None:
    assert set(PHOTOGRAPHS["train"]).isdisjoint(PHOTOGRAPHS["val"])
    assert {*PHOTOGRAPHS["train"], *PHOTOGRAPHS["val"]}.isdisjoint(SAMPLE["content/val"])
    assert COUNTS.keys() == PHOTOGRAPHS.keys()


def test_same_seed_same_bytes_and_another_seed_another_folder(built: Path, small: None, tmp_path: Path) -> None:
    assert contents(source(tmp_path).fetch()) == contents(built)
    other = source(tmp_path, seed=1).fetch()
    assert other != tmp_path / built.name
    pictures = [data for folder in (built, other) for name, data in contents(folder).items() if name != "README.txt"]
    assert len(set(pictures)) == len(pictures)


def test_the_readme_says_how_it_was_made(built: Path) -> None:
    text = (built / "README.txt").read_text()
    assert "Negative(strength=1)" in text and "scikit-image" in text
    assert all(name in text for names in PHOTOGRAPHS.values() for name in names)


def test_it_is_a_source(built: Path) -> None:
    it: Source = source(built.parent)
    assert it.is_ready() and it.folder == built and it.needs_network is False
    assert "no download" in it.describe() and "\n" not in it.describe()
    assert it == source(built.parent) and hash(it) == hash(source(built.parent))  # two sides may name one source


def test_a_set_made_otherwise_does_not_pass_for_this_one(built: Path) -> None:
    other = source(built.parent, Negative(strength=2))
    assert not other.is_ready()
    before = contents(built)
    with pytest.raises(UserError, match=r"made with other settings or another version; remove it: rm -r "):
        other.fetch()
    assert contents(built) == before


def test_a_missing_photograph_is_a_user_error() -> None:
    with pytest.raises(UserError, match=r"no_such\.png is missing; type: pip install"):
        load_photograph("no_such.png")


# --- whole or absent ---


def write(folder: Path) -> None:
    (folder / "picture").write_text("paint")


def test_the_second_call_writes_nothing(tmp_path: Path) -> None:
    folder = build_once(tmp_path / "set", write, readme="so")
    assert is_built(folder, readme="so") and not is_built(folder, readme="otherwise")
    assert build_once(folder, lambda _: pytest.fail("built again"), readme="so") == folder


@pytest.mark.parametrize("blow", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_build_leaves_nothing_behind(blow: type[BaseException], tmp_path: Path) -> None:
    def interrupted(folder: Path) -> None:
        write(folder)
        raise blow

    with pytest.raises(blow):
        build_once(tmp_path / "set", interrupted, readme="")
    assert list(tmp_path.iterdir()) == []


def test_only_old_workshops_of_this_set_are_removed(tmp_path: Path) -> None:
    old, recent, mine = (tmp_path / name for name in (".set-killed", ".set-running", ".other-killed"))
    an_hour_ago = time.time() - built_once.STALE_S - 1
    for folder in (old, recent, mine):
        (folder / "content").mkdir(parents=True)
    for folder in (old, mine):
        os.utime(folder, (an_hour_ago, an_hour_ago))
    target = build_once(tmp_path / "set", write, readme="")
    assert set(tmp_path.iterdir()) == {target, recent, mine}


def test_a_half_set_in_its_place_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "set/style").mkdir(parents=True)
    with pytest.raises(UserError, match="is not a finished set; remove it"):
        build_once(tmp_path / "set", write, readme="")
    assert (tmp_path / "set/style").is_dir()


def test_of_two_builds_at_once_both_end_well(tmp_path: Path) -> None:
    def overtaken(folder: Path) -> None:
        build_once(tmp_path / "set", write, readme="")  # the other process starts later and ends sooner
        write(folder)

    target = build_once(tmp_path / "set", overtaken, readme="")
    assert list(tmp_path.iterdir()) == [target]
    assert is_built(target, readme="")


def test_a_folder_that_cannot_be_written_is_a_user_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"cannot write .*file.*; choose another data_root") as raised:
        build_once(tmp_path / "file/set", write, readme="")
    assert "\n" not in str(raised.value)
