"""Pairs as people have them: other accents, other endings, other sizes, no partner, one file for both."""

import logging
import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stylegan_pl.data import pairing
from stylegan_pl.data.augment import Augmentation
from stylegan_pl.data.check import check_folder
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.data.decoded_cache import DecodedFolder
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.side_by_side import Half
from stylegan_pl.errors import DataError
from stylegan_pl.evaluation.fixed_set import Photograph
from stylegan_pl.evaluation.painted_folder import PaintedFolder
from stylegan_pl.inference.masks import Masks

SIZE = 16


def places(height: int, width: int, scale: int = 1) -> Image.Image:
    """Red is the column, green the row, in pixels of the picture at scale 1."""
    y, x = np.mgrid[0:height, 0:width] // scale
    return Image.fromarray(np.stack([x, y, np.full_like(x, 60)], -1).astype(np.uint8))


def write(root: Path, *names: str, picture: Image.Image | None = None) -> ImageFolder:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (picture or places(24, 32)).save(root / name)
    return ImageFolder(str(root), held_out=0.0)


def pairs(content: ImageFolder, style: ImageFolder, folder: Path, *, limit: float = 0.5) -> StylePairs:
    problems = Problems(folder / "p.csv", limit=limit)
    return StylePairs(content, style, PairedByName(), split="train", size=SIZE, seed=0, problems=problems)


# --- names


def test_accents_of_both_kinds_are_one_name(tmp_path: Path) -> None:
    composed, parted = (unicodedata.normalize(form, "café/été.jpg") for form in ("NFC", "NFD"))
    assert composed != parted
    content, style = write(tmp_path / "c", composed), write(tmp_path / "s", parted.replace(".jpg", ".png"))
    contents, styles = PairedByName().match(content, style, "train")
    assert (len(contents), len(styles)) == (1, 1)
    assert len(ImageFolder(content.root, include=[parted]).by_name("train")) == 1
    mask = Image.new("L", (24, 32), 255)
    (tmp_path / "m" / parted).parent.mkdir(parents=True)
    mask.save(tmp_path / "m" / parted)
    assert Masks(tmp_path / "m").of(Path(composed), 24, 32).mean() == 1
    photograph = Photograph(
        composed, Path(content.root) / composed, torch.zeros(3, SIZE, SIZE, dtype=torch.uint8), None
    )
    assert PaintedFolder(Path(style.root), content, SIZE).file_of(photograph) == styles[0]


def test_a_name_is_on_one_side_however_it_is_written(tmp_path: Path) -> None:
    names = [f"é{number}.png" for number in range(40)]
    sides = []
    for form in ("NFC", "NFD"):
        folder = write(tmp_path / form, *(unicodedata.normalize(form, name) for name in names))
        held_out = ImageFolder(folder.root, held_out=0.3).files("val")
        sides.append({unicodedata.normalize("NFC", path.name) for path in held_out})
    assert sides[0] == sides[1] and 0 < len(sides[0]) < 40


def test_lonely_files_and_two_of_one_name_are_told(tmp_path: Path) -> None:
    content = write(tmp_path / "c", "a.jpg", "a.png", "b.jpg", "x.jpg", "y.jpg")
    style = write(tmp_path / "s", "a.png", "b.png", "z.png")
    lines = PairedByName().report(content, style)
    assert lines == [
        "paired data: 2 pairs to train on, 0 to validate with",
        f"paired data: 2 of 4 images below {content.root} have no partner below {style.root} and are left out, such as "
        "x.jpg",
        f"paired data: {content.root}/a.jpg and a.png have one name, and a.png is taken",
        f"paired data: 1 of 3 images below {style.root} have no partner below {content.root} and are left out, such as "
        "z.png",
    ]
    assert PairedByName().match(content, style, "train")[0] == [
        Path(content.root, "a.png"),
        Path(content.root, "b.jpg"),
    ]


def test_a_run_tells_of_its_pairs_at_its_start(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content, style = write(tmp_path / "c", "a.jpg", "b.jpg", "c.jpg"), write(tmp_path / "s", "a.png", "b.png")
    data = StyleTransferData(
        content, style, PairedByName(), Augmentation(), image_size=SIZE, batch_size=1, val_pairs=1, seed=0, workers=0,
        download=False, bad_fraction=0.05, problems_csv=str(tmp_path / "p.csv"),
    )  # fmt: skip
    with caplog.at_level(logging.INFO):
        data.prepare()
    assert "2 pairs to train on" in caplog.text and "1 of 3 images below" in caplog.text


# --- sizes


@pytest.mark.parametrize("load_size", [None, 20])
@pytest.mark.parametrize("cached", [False, True])
def test_pictures_of_one_shape_and_two_sizes_are_cut_at_one_place(
    tmp_path: Path, load_size: int | None, cached: bool
) -> None:
    small, large = places(24, 32), places(72, 96, scale=3)
    roots = [Path(write(tmp_path / side, "a.png", picture=p).root) for side, p in (("c", large), ("s", small))]
    content, style = (ImageFolder(str(root), load_size=load_size, held_out=0.0) for root in roots)
    both = pairs(content, style, tmp_path)
    if cached:
        both.keep_decoded(tmp_path / "cache")
    assert PairedByName().report(content, style)[1:] == [
        "paired data: 1 of 1 pairs looked at differ in size; the larger is shrunk"
    ]
    corners = set()
    for epoch in range(12):
        crops = both[PairKey(epoch, 0)]
        assert (crops.content.float() - crops.style.float()).abs().max() <= 2  # one place, one scale
        corners.add(tuple(crops.style[:2, 0, 0].tolist()))
    assert len(corners) > 4
    fixed = both[0]
    assert (fixed.content.float() - fixed.style.float()).abs().max() <= 2


def test_pairs_of_two_sizes_are_loaded_at_a_range_of_sizes(tmp_path: Path) -> None:
    """Before, all their crops were cut from pictures of the middle size."""
    small, large = places(60, 80), places(120, 160, scale=2)
    roots = [Path(write(tmp_path / side, "a.png", picture=p).root) for side, p in (("c", large), ("s", small))]
    content, style = (ImageFolder(str(root), load_size=[20, 60], held_out=0.0) for root in roots)
    both, shown = pairs(content, style, tmp_path), []
    for epoch in range(20):
        crops = both[PairKey(epoch, 0)]
        assert (crops.content.float() - crops.style.float()).abs().max() <= 3  # one place, one scale
        shown.append(int(crops.style[0, 0, -1]) - int(crops.style[0, 0, 0]))  # columns of the file in a crop
    assert min(shown) < 20 and max(shown) > 30
    assert both[0].style[0, 0, -1] - both[0].style[0, 0, 0] == pytest.approx(15 * 60 / 40, abs=1.5)  # the middle


def test_no_more_pairs_are_looked_at_than_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairing, "_LOOKS", 4)
    names = [f"{number}.png" for number in range(7)]
    content = write(tmp_path / "c", *names, picture=places(48, 64, scale=2))
    told = PairedByName().report(content, write(tmp_path / "s", *names))
    assert told[1:] == ["paired data: 4 of 4 pairs looked at differ in size; the larger is shrunk"]


def test_pictures_of_unlike_shapes_are_refused_by_name(tmp_path: Path) -> None:
    content = write(tmp_path / "c", "a.png", "b.png")
    style = write(tmp_path / "s", "a.png")
    write(tmp_path / "s", "b.png", picture=places(24, 24))
    told = PairedByName().report(content, style)
    assert len(told) == 2 and told[1].startswith(
        f"paired data: 1 of 2 pairs looked at cannot be used, such as {content.root}/b"
    )
    both = pairs(content, style, tmp_path)
    assert torch.equal(both[1].content, both[0].content)  # the next pair takes its place
    (file, reason), = both.problems.read().items()  # fmt: skip
    assert file == f"{content.root}/b.png"
    assert "32×24 pixels, and its partner" in reason and "24×24: pairs of unlike shapes" in reason
    with pytest.raises(DataError, match="cannot be used, more than 5%"):
        pairs(content, style, tmp_path / "strict", limit=0.05)[1]


def test_two_sizes_of_loading_are_refused(tmp_path: Path) -> None:
    content, style = write(tmp_path / "c", "a.png"), write(tmp_path / "s", "a.png")
    other = ImageFolder(style.root, load_size=20)
    with pytest.raises(DataError, match=r"one load_size.*type data\.style\.load_size=null data\.style\.upscale=false"):
        PairedByName().match(content, other, "train")


# --- one file for both


def halves(root: Path, **options) -> tuple[Half, Half]:
    return Half(str(root), half="left", **options), Half(str(root), half="right", **options)


@pytest.mark.parametrize("width", [64, 65])
def test_halves_of_a_file_are_a_pair(tmp_path: Path, width: int) -> None:
    both = np.zeros((24, width, 3), np.uint8)
    left = np.asarray(places(24, 32))
    both[:, :32], both[:, -32:] = left, left + np.array([0, 0, 100], np.uint8)
    for name in ("train/a.png", "train/b.png", "val/c.png"):
        write(tmp_path / "facades", name, picture=Image.fromarray(both))
    content, style = halves(tmp_path / "facades")
    check_folder(content, name="data.content", size=24, limit=0.0)
    with pytest.raises(DataError, match="shortest side 24"):
        check_folder(content, name="data.content", size=32, limit=0.0)
    found = pairs(content, style, tmp_path)
    assert len(found) == 2 and content.file_size(found.contents[0]) == (32, 24)
    for epoch in range(6):
        crops = found[PairKey(epoch, 0)]
        assert torch.equal(crops.content[:2], crops.style[:2])
        assert (crops.style[2].int() - crops.content[2].int() == 100).all()


def test_halves_are_shrunk_and_cached_apart(tmp_path: Path) -> None:
    both = np.zeros((24, 64, 3), np.uint8)
    both[:, 32:] = 200
    write(tmp_path / "d", "a.png", "b.png", picture=Image.fromarray(both))
    found = pairs(*halves(tmp_path / "d", load_size=18, held_out=0.0), tmp_path)
    found.keep_decoded(tmp_path / "cache")
    assert isinstance(found.content, DecodedFolder)
    for _ in range(2):  # written, then read
        crops = found[PairKey(0, 0)]
        assert crops.content.max() == 0 and crops.style.min() == 200
    assert found.content.pixels(found.contents[0]).shape == (18, 24, 3)
