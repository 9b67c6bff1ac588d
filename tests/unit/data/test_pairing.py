"""The two rules of who meets whom."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Unpaired
from stylegan_pl.errors import DataError


def make(root: Path, *names: str) -> ImageFolder:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return ImageFolder(str(root))


def relative(paths: list[Path], root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def test_unpaired_takes_all_of_both(tmp_path: Path) -> None:
    content = make(tmp_path / "c", "train/a.jpg", "train/b.jpg", "val/v.jpg")
    style = make(tmp_path / "s", "train/x.png", "val/y.png", "val/z.png")
    contents, styles = Unpaired().match(content, style, "train")
    assert (relative(contents, tmp_path / "c"), relative(styles, tmp_path / "s")) == (
        ["train/a.jpg", "train/b.jpg"], ["train/x.png"])  # fmt: skip
    contents, styles = Unpaired().match(content, style, "val")
    assert (len(contents), len(styles)) == (1, 2)


@pytest.mark.parametrize(("contents", "styles"), [(3, 7), (7, 3), (4, 4)])
def test_an_unpaired_epoch_is_the_larger_set(contents: int, styles: int) -> None:
    assert Unpaired().length(contents, styles) == max(contents, styles)


def test_every_style_is_drawn_as_often() -> None:
    rng = np.random.default_rng(0)
    counts = np.bincount([Unpaired().style_index(0, 5, rng) for _ in range(2000)], minlength=5)
    assert len(counts) == 5
    assert np.all(np.abs(counts - 400) < 90)  # five standard deviations


def test_only_pairs_are_the_same_place() -> None:
    assert PairedByName.same_place
    assert not Unpaired.same_place


def test_partners_have_one_path_whatever_the_extension(tmp_path: Path) -> None:
    content = make(tmp_path / "c", "train/a.jpg", "train/b/c.v1.jpg", "train/z.webp", "train/alone.jpg", "val/q.jpg")
    style = make(tmp_path / "s", "train/a.png", "train/b/c.v1.tif", "train/z.webp", "train/c.png", "val/q.png")
    contents, styles = PairedByName().match(content, style, "train")
    assert relative(contents, tmp_path / "c") == ["train/a.jpg", "train/b/c.v1.jpg", "train/z.webp"]
    assert relative(styles, tmp_path / "s") == ["train/a.png", "train/b/c.v1.tif", "train/z.webp"]
    rng = np.random.default_rng(0)
    assert [PairedByName().style_index(index, 3, rng) for index in range(3)] == [0, 1, 2]
    assert PairedByName().length(len(contents), len(styles)) == 3
    contents, styles = PairedByName().match(content, style, "val")
    assert (relative(contents, tmp_path / "c"), relative(styles, tmp_path / "s")) == (["val/q.jpg"], ["val/q.png"])


def test_no_partners_at_all_is_an_error_with_examples(tmp_path: Path) -> None:
    content = make(tmp_path / "c", "train/photo_1.jpg", "train/photo_2.jpg")
    style = make(tmp_path / "s", "train/paint_1.jpg", "train/paint_2.jpg")
    message = (
        r"paired data: no image below .*c/train has a partner of the same name below .*s/train "
        r"\(there: photo_1 and paint_1\); give both files of a pair one name, or take data=folders for unpaired sets"
    )
    with pytest.raises(DataError, match=message):
        PairedByName().match(content, style, "train")


def test_an_empty_split_is_no_mismatch(tmp_path: Path) -> None:
    content, style = make(tmp_path / "c", "train/a.jpg"), make(tmp_path / "s", "train/a.jpg")
    assert PairedByName().match(content, style, "val") == ([], [])


@pytest.mark.parametrize("extra", ["alone0.jpg", "alone1.jpg", "alone4.jpg"])
def test_partnerless_files_do_not_disturb_a_small_folders_held_out_pairs(tmp_path: Path, extra: str) -> None:
    """The one image held out of a small folder must be one that has a partner."""
    shared = ["a.jpg", "b.jpg", "c.jpg"]
    content, style = make(tmp_path / "c", *shared, extra), make(tmp_path / "s", *shared)
    seen: list[str] = []
    for split in ("train", "val"):
        contents, styles = PairedByName().match(content, style, split)
        assert [path.name for path in contents] == [path.name for path in styles]
        seen += [path.name for path in contents]
    assert sorted(seen) == shared  # no pair is lost, none is on both sides


@pytest.mark.parametrize("turned", [False, True])
def test_a_side_with_train_alone_is_not_paired_with_the_others_validation(tmp_path: Path, turned: bool) -> None:
    """Numbers begin anew in each folder: train/1 and val/1 are different pictures."""
    only_train = make(tmp_path / "one", *(f"train/{number}.jpg" for number in range(8)))
    both = make(tmp_path / "two", *(f"train/{number}.png" for number in range(8)), "val/1.png", "val/2.png")
    content, style = (both, only_train) if turned else (only_train, both)
    seen: dict[str, list[str]] = {}
    for split in ("train", "val"):
        contents, styles = PairedByName().match(content, style, split)
        assert [path.stem for path in contents] == [path.stem for path in styles]
        assert {path.parent.name for path in [*contents, *styles]} == {"train"}
        seen[split] = [path.stem for path in contents]
    assert sorted(seen["train"] + seen["val"]) == [str(number) for number in range(8)] and seen["val"]
    told = "\n".join(PairedByName().report(content, style))
    assert f"images below {tmp_path / 'two/val'} are left out, for {tmp_path / 'one'} has none but train/" in told


@pytest.mark.parametrize("turned", [False, True])
def test_images_in_one_folder_go_where_their_partners_are(tmp_path: Path, turned: bool) -> None:
    flat = make(tmp_path / "flat", "a.jpg", "b.jpg", "c.jpg")
    both = make(tmp_path / "both", "train/a.png", "train/b.png", "val/c.png")
    content, style = (both, flat) if turned else (flat, both)
    assert [path.stem for path in PairedByName().match(content, style, "train")[0]] == ["a", "b"]
    assert [path.stem for path in PairedByName().match(content, style, "val")[0]] == ["c"]
    make(tmp_path / "both", "val/b.png")
    with pytest.raises(DataError, match=r"paired data: b is below both .*both/train and .*both/val, and .* only once"):
        PairedByName().match(content, style, "train")


def test_pairs_that_are_all_held_out_are_told(tmp_path: Path) -> None:
    content, style = make(tmp_path / "c", "a51.jpg"), make(tmp_path / "s", "a51.png")  # its hash is below 0.05
    with pytest.raises(DataError, match=r"no pair is left to train on below .*c, all \(1\) are held out .*held_out=0$"):
        PairedByName().report(content, style)
    assert len(PairedByName().match(content, style, "val")[0]) == 1
    assert len(PairedByName().match(replace(content, held_out=0.0), style, "train")[0]) == 1
