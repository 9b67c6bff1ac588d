"""Which files a set holds, which of them are held out, and which square is cut from one."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.splits import list_images
from stylegan_pl.errors import DataError


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def names(root: Path, paths: list[Path]) -> list[str]:
    return [path.relative_to(root).as_posix() for path in paths]


def coordinates(width: int, height: int) -> Image.Image:
    """Red is the column, green the row."""
    y, x = np.mgrid[0:height, 0:width]
    return Image.fromarray(np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8))


# --- listing


def test_images_are_found_in_depth_and_sorted_hidden_ones_passed_over(tmp_path: Path) -> None:
    wanted = ["B.JPG", "a.png", "b/c.d.webp", "b/deep/er/x.tiff", "é ü/y.jpeg", "z.bmp"]
    touch(
        tmp_path,
        *wanted,
        ".a.png",
        ".git/x.png",
        "b/.thumbs/t.jpg",
        "._a.jpg",
        "notes.txt",
        "png",
        "x.gif",
        "a.png.part",
    )
    (tmp_path / "folder.png").mkdir()
    assert names(tmp_path, list_images(tmp_path)) == sorted(wanted)


def test_a_hidden_root_is_searched(tmp_path: Path) -> None:
    touch(tmp_path, ".cache/set/a.png")
    assert len(list_images(tmp_path / ".cache" / "set")) == 1


def test_links_are_followed_and_loops_end(tmp_path: Path) -> None:
    touch(tmp_path, "set/a.png", "set/sub/b.png", "elsewhere/c.png")
    (tmp_path / "set" / "loop").symlink_to(tmp_path / "set")
    (tmp_path / "set" / "sub" / "up").symlink_to(tmp_path / "set" / "sub")
    (tmp_path / "set" / "away").symlink_to(tmp_path / "elsewhere")
    found = list_images(tmp_path / "set")
    assert sorted(path.name for path in found) == ["a.png", "b.png", "c.png"]  # each once


def test_a_missing_folder_has_no_images(tmp_path: Path) -> None:
    assert list_images(tmp_path / "nowhere") == []


# --- splits


def test_split_folders_are_used_where_they_are(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.png", "train/deep/b.jpg", "val/c.png", "test/d.png", "e.png")
    folder = ImageFolder(str(tmp_path), held_out=0.9)
    assert names(tmp_path, folder.files("train")) == ["train/a.png", "train/deep/b.jpg"]
    assert names(tmp_path, folder.files("val")) == ["val/c.png"]


def test_of_a_train_folder_alone_a_share_is_held_out(tmp_path: Path) -> None:
    touch(tmp_path, *(f"train/{i:03d}.png" for i in range(200)), "beside.png")
    train, val = (ImageFolder(str(tmp_path)).files(split) for split in ("train", "val"))
    assert len(train) + len(val) == 200 and not set(train) & set(val)
    assert 4 <= len(val) <= 18  # a twentieth


def test_a_val_folder_alone_is_never_trained_on(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "deep/b.png", "deep/val/c.png", "val/d.png", "val/deep/e.png")
    folder = ImageFolder(str(tmp_path))
    assert names(tmp_path, folder.files("train")) == ["a.png", "deep/b.png", "deep/val/c.png"]
    assert names(tmp_path, folder.files("val")) == ["val/d.png", "val/deep/e.png"]


def test_test_beside_train_is_for_validation_where_there_is_no_val(tmp_path: Path) -> None:
    touch(tmp_path, "train/a.png", "train/b.png", "test/c.png")
    assert names(tmp_path, ImageFolder(str(tmp_path)).files("val")) == ["test/c.png"]
    assert names(tmp_path, ImageFolder(str(tmp_path), held_out=0.9).files("train")) == ["train/a.png", "train/b.png"]
    touch(tmp_path, "val/d.png")
    assert names(tmp_path, ImageFolder(str(tmp_path)).files("val")) == ["val/d.png"]


def test_a_test_folder_without_train_is_one_among_others(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{kind}/{number}.png" for kind in ("test", "horses") for number in range(40)))
    folder = ImageFolder(str(tmp_path))
    assert len(folder.files("train")) + len(folder.files("val")) == 80


def test_cyclegans_folders_are_parts_of_one_set(tmp_path: Path) -> None:
    touch(tmp_path, "trainA/a.png", "trainA/b.png", "testA/c.png", "trainB/x.png", "trainB/y.png", "testB/z.png")
    for kind, held_out in (("A", "c"), ("B", "z")):
        folder = ImageFolder(str(tmp_path / f"train{kind}"), beside=True)
        assert names(tmp_path, folder.files("val")) == [f"test{kind}/{held_out}.png"]
        assert len(folder.files("train")) == 2


def test_a_test_folder_that_repeats_what_is_trained_on_is_not_validated_with(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{part}A/{number}.png" for part in ("train", "test") for number in range(40)))
    folder = ImageFolder(str(tmp_path / "trainA"), beside=True)
    assert len(folder.files("train")) + len(folder.files("val")) == 40
    assert all(path.parent.name == "trainA" for path in folder.files("val"))


def test_held_out_images_are_disjoint_complete_and_about_the_share(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number % 7}/{number}.jpg" for number in range(400)))
    folder = ImageFolder(str(tmp_path), held_out=0.2)
    train, val = folder.files("train"), folder.files("val")
    assert not set(train) & set(val)
    assert sorted(train + val) == list_images(tmp_path)
    assert train == sorted(train) and val == sorted(val)
    assert 48 <= len(val) <= 112  # 80 ± 4 standard deviations


def test_a_larger_share_holds_out_the_same_images_and_more(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number}.jpg" for number in range(100)))
    some = set(ImageFolder(str(tmp_path), held_out=0.1).files("val"))
    more = set(ImageFolder(str(tmp_path), held_out=0.5).files("val"))
    assert some < more


def test_every_image_stays_on_its_side_when_others_come_or_go(tmp_path: Path) -> None:
    touch(tmp_path, *(f"{number}.jpg" for number in range(0, 200, 2)))
    folder = ImageFolder(str(tmp_path), held_out=0.2)
    before = {split: set(folder.files(split)) for split in ("train", "val")}
    touch(tmp_path, *(f"{number}.jpg" for number in range(1, 200, 2)))
    for split, kept in before.items():
        assert kept < set(folder.files(split))
    gone = min(before["train"])
    gone.unlink()
    assert set(folder.files("val")) >= before["val"]


def test_a_moved_folder_is_split_the_same_way(tmp_path: Path) -> None:
    sides = []
    for root in (tmp_path / "here", tmp_path / "there"):
        touch(root, *(f"{number}.jpg" for number in range(60)))
        sides.append(names(root, ImageFolder(str(root), held_out=0.3).files("val")))
    assert sides[0] == sides[1]


def test_both_files_of_a_pair_fall_on_one_side(tmp_path: Path) -> None:
    stems = [f"{number % 3}/{number}.v2" for number in range(60)]
    touch(tmp_path / "content", *(f"{stem}.jpg" for stem in stems))
    touch(tmp_path / "style", *(f"{stem}.png" for stem in stems))
    held_out = []
    for side in ("content", "style"):
        files = ImageFolder(str(tmp_path / side), held_out=0.3).files("val")
        held_out.append([path.relative_to(tmp_path / side).with_suffix("").as_posix() for path in files])
    assert held_out[0] == held_out[1]
    assert set(held_out[0]) < set(stems) and held_out[0]


@pytest.mark.parametrize("count", [3, 4, 10])
def test_a_small_folder_holds_out_at_least_one(tmp_path: Path, count: int) -> None:
    touch(tmp_path, *(f"{number}.jpg" for number in range(count)))
    folder = ImageFolder(str(tmp_path), held_out=1e-9)  # no hash is as small
    assert len(folder.files("val")) == 1
    assert len(folder.files("train")) == count - 1
    assert not set(folder.files("val")) & set(folder.files("train"))


@pytest.mark.parametrize(("count", "held_out"), [(1, 1e-9), (2, 1e-9), (20, 0.0)])
def test_too_small_a_folder_or_a_share_of_nothing_holds_out_none(tmp_path: Path, count: int, held_out: float) -> None:
    touch(tmp_path, *(f"{number}.jpg" for number in range(count)))
    folder = ImageFolder(str(tmp_path), held_out=held_out)
    assert folder.files("val") == []
    assert len(folder.files("train")) == count


def test_a_file_name_of_another_encoding_is_a_file_like_any_other(tmp_path: Path) -> None:
    """WikiArt's archives hold names in Latin-1: Linux has them as bytes that are no UTF-8."""
    touch(tmp_path, *(f"{number}.png" for number in range(5)))
    try:
        os.close(os.open(os.path.join(os.fsencode(tmp_path), b"caf\xe9.png"), os.O_CREAT))
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    folder = ImageFolder(str(tmp_path))
    assert len(folder.files("train")) + len(folder.files("val")) == 6


# --- include


PAINTINGS = [
    "Impressionism/monet_lilies.jpg",
    "Impressionism/vincent_bed.jpg",
    "Post/vincent_stars.jpg",
    "Post/x/seurat.jpg",
]


@pytest.mark.parametrize(
    ("include", "expected"),
    [
        (["vincent_*"], ["Impressionism/vincent_bed.jpg", "Post/vincent_stars.jpg"]),
        (["Impressionism/*"], ["Impressionism/monet_lilies.jpg", "Impressionism/vincent_bed.jpg"]),
        (["monet_*", "seurat*"], ["Impressionism/monet_lilies.jpg", "Post/x/seurat.jpg"]),
        (["Post/*"], ["Post/vincent_stars.jpg", "Post/x/seurat.jpg"]),  # the folder, in depth like everything
        (["dali_*"], []),
        ([], PAINTINGS),
    ],
)
@pytest.mark.parametrize("below", ["", "train"])
def test_include_keeps_folders_and_files_by_pattern(
    tmp_path: Path, include: list[str], expected: list[str], below: str
) -> None:
    touch(tmp_path / below, *PAINTINGS)
    found = ImageFolder(str(tmp_path), include=include, held_out=0.0).files("train")
    assert names(tmp_path / below, found) == expected


# --- crops


def test_the_middle_is_cut_without_a_generator(tmp_path: Path) -> None:
    for width, height, size in [(20, 11, 8), (11, 20, 8), (9, 9, 8), (8, 8, 8), (30, 8, 5)]:
        coordinates(width, height).save(tmp_path / "a.png")
        crop = ImageFolder(str(tmp_path)).crop(tmp_path / "a.png", size, None)
        assert crop.shape == (3, size, size) and crop.dtype == torch.uint8
        left, top = (width - size) // 2, (height - size) // 2
        assert crop[0].tolist() == [[left + x for x in range(size)]] * size
        assert crop[1].tolist() == [[top + y] * size for y in range(size)]


def test_random_crops_are_inside_decided_by_the_generator_and_reach_every_place(tmp_path: Path) -> None:
    width, height, size = 10, 8, 6
    coordinates(width, height).save(tmp_path / "a.png")
    folder = ImageFolder(str(tmp_path))
    corners = set()
    rng = np.random.default_rng(0)
    for _ in range(200):
        crop = folder.crop(tmp_path / "a.png", size, rng)
        left, top = crop[:2, 0, 0].tolist()
        assert crop[0].tolist() == [list(range(left, left + size))] * size  # connected, and inside
        assert crop[1].tolist() == [[top + y] * size for y in range(size)]
        corners.add((left, top))
    assert corners == {(left, top) for left in range(width - size + 1) for top in range(height - size + 1)}
    once, again = (folder.crop(tmp_path / "a.png", size, np.random.default_rng(7)) for _ in range(2))
    assert torch.equal(once, again)


def resized(image: Image.Image, width: int, height: int) -> np.ndarray:
    return np.asarray(image.resize((width, height), Image.Resampling.LANCZOS))


def same(crop: torch.Tensor, expected: np.ndarray) -> bool:
    """As Pillow has it; torch's vector instructions round its intermediate sums otherwise."""
    return bool(np.abs(crop.permute(1, 2, 0).numpy().astype(int) - expected).max() <= 1)


@pytest.mark.parametrize(("width", "height", "shrunk"), [(40, 20, (20, 10)), (20, 40, (10, 20)), (33, 20, (16, 10))])
def test_load_size_shrinks_the_shorter_side(tmp_path: Path, width: int, height: int, shrunk: tuple[int, int]) -> None:
    coordinates(width, height).save(tmp_path / "a.png")
    crop = ImageFolder(str(tmp_path), load_size=10).crop(tmp_path / "a.png", 10, None)
    left, top = (shrunk[0] - 10) // 2, (shrunk[1] - 10) // 2
    expected = resized(coordinates(width, height), *shrunk)[top : top + 10, left : left + 10]
    assert same(crop, expected)


@pytest.mark.parametrize("load_size", [20, 64, None])
def test_load_size_never_enlarges(tmp_path: Path, load_size: int | None) -> None:
    coordinates(40, 20).save(tmp_path / "a.png")
    crop = ImageFolder(str(tmp_path), load_size=load_size).crop(tmp_path / "a.png", 20, None)
    assert crop[0, 0].tolist() == list(range(10, 30))
    with pytest.raises(DataError, match=r"a\.png: 40×20 pixels is smaller than the crop of 32"):
        ImageFolder(str(tmp_path), load_size=load_size).crop(tmp_path / "a.png", 32, None)


@pytest.mark.parametrize("load_size", [None, 16])
def test_upscale_enlarges_what_is_smaller_than_the_crop(tmp_path: Path, load_size: int | None) -> None:
    coordinates(40, 20).save(tmp_path / "a.png")
    crop = ImageFolder(str(tmp_path), load_size=load_size, upscale=True).crop(tmp_path / "a.png", 32, None)
    expected = resized(coordinates(40, 20), 64, 32)[:, 16:48]
    assert same(crop, expected)


def test_upscale_leaves_what_is_large_enough(tmp_path: Path) -> None:
    coordinates(40, 20).save(tmp_path / "a.png")
    crop = ImageFolder(str(tmp_path), upscale=True).crop(tmp_path / "a.png", 20, None)
    assert crop[0, 0].tolist() == list(range(10, 30))


def test_a_jpeg_decoded_in_small_looks_like_one_decoded_whole(tmp_path: Path) -> None:
    y, x = np.mgrid[0:300, 0:500]
    picture = Image.fromarray(np.stack([x // 2, y * 2 // 3, (x + y) // 4], -1).astype(np.uint8))
    picture.save(tmp_path / "a.jpg", quality=95)
    crop = ImageFolder(str(tmp_path), load_size=60).crop(tmp_path / "a.jpg", 60, None)
    expected = resized(picture, 100, 60)[:, 20:80].astype(int)
    assert np.abs(crop.permute(1, 2, 0).numpy() - expected).mean() < 3


def test_an_unreadable_image_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("no picture")
    with pytest.raises(DataError, match=r"a\.png: cannot be read as an image"):
        ImageFolder(str(tmp_path)).crop(tmp_path / "a.png", 8, None)


# --- sources


class Set:
    needs_network = False

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def describe(self) -> str:
        return "a set"

    def is_ready(self) -> bool:
        return False

    def fetch(self) -> Path:
        raise AssertionError("nobody asked")


@pytest.mark.parametrize(
    ("root", "expected"), [("set", True), ("set/content", True), ("mine", False), ("set2", False), (".", False)]
)
def test_a_source_brings_its_own_folder_only(tmp_path: Path, root: str, expected: bool) -> None:
    assert ImageFolder(str(tmp_path / root), source=Set(tmp_path / "set")).can_be_fetched() is expected
    assert not ImageFolder(str(tmp_path / root)).can_be_fetched()


def test_upscale_brings_every_file_to_the_load_size(tmp_path: Path) -> None:
    """CycleGAN resizes its 256-pixel paintings to 286 before it crops 256."""
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    crop = ImageFolder(str(tmp_path), load_size=36, upscale=True).crop(tmp_path / "a.png", 32, None)
    whole = Image.fromarray(pixels).resize((36, 36), Image.Resampling.LANCZOS).crop((2, 2, 34, 34))
    assert same(crop, np.asarray(whole))


@pytest.mark.parametrize(("side", "expected"), [(20, 32), (40, 40), (100, 64)])
def test_upscale_to_the_crop_leaves_what_holds_one(tmp_path: Path, side: int, expected: int) -> None:
    """A painting of 256 pixels enlarged to a load_size of 448 would have strokes that are wide, and blurred."""
    coordinates(side, side).save(tmp_path / "a.png")
    folder = ImageFolder(str(tmp_path), load_size=64, upscale="crop")
    assert folder.pixels(tmp_path / "a.png", 32).shape[:2] == (expected, expected)
