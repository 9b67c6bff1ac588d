"""A folder that cannot train is told before anything is built, with words that mend it."""

import errno
import os
import re
from pathlib import Path

import pytest
from PIL import Image

from stylegan_pl.data import check as check_module
from stylegan_pl.data.check import check_folder, make_ready
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.inputs import named_pictures


class Set:
    needs_network = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def describe(self) -> str:
        return "a set"

    def is_ready(self) -> bool:
        return False

    def fetch(self) -> Path:
        raise AssertionError("a check fetches nothing")


def check(folder: ImageFolder, size: int = 16, limit: float = 0.05, name: str = "data.content") -> None:
    check_folder(folder, name=name, size=size, limit=limit)


def draw(root: Path, *sides: int, start: int = 0) -> None:
    """Square pictures below root/train."""
    (root / "train").mkdir(parents=True, exist_ok=True)
    for number, side in enumerate(sides, start):
        Image.new("RGB", (side, side)).save(root / "train" / f"{number:03}.png")


def test_a_good_folder_passes(tmp_path: Path) -> None:
    draw(tmp_path, 16, 16)
    check(ImageFolder(str(tmp_path), held_out=0.0))
    check(ImageFolder(str(tmp_path), held_out=0.0, load_size=16))


@pytest.mark.parametrize("name", ["data.content", "data.style"])
def test_a_missing_folder_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=rf"^{name}\.root: no folder .*nowhere; type {name}\.root=FOLDER"):
        check(ImageFolder(str(tmp_path / "nowhere")), name=name)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match=r"^data\.content\.root: .*a\.png is a file; type its folder, data"):
        check(ImageFolder(str(tmp_path / "a.png")))


@pytest.mark.parametrize("sub", ["", "train"])
def test_an_empty_folder_is_said(tmp_path: Path, sub: str) -> None:
    (tmp_path / sub).mkdir(exist_ok=True)
    (tmp_path / sub / "notes.txt").touch()
    message = (
        r"^data\.content\.root: no image to train on below .*, at least 2 are needed "
        r"\(JPEG, PNG, WebP, TIFF, BMP, HEIC or AVIF\); type "
    )
    with pytest.raises(DataError, match=message):
        check(ImageFolder(str(tmp_path), held_out=0.0))


def test_one_image_is_too_few(tmp_path: Path) -> None:
    draw(tmp_path, 16)
    with pytest.raises(DataError, match=r"^data\.content\.root: 1 image to train on below .*, at least 2 are needed"):
        check(ImageFolder(str(tmp_path), held_out=0.0))


def test_only_what_trains_counts(tmp_path: Path) -> None:
    draw(tmp_path, 16, 16)
    (tmp_path / "val").mkdir()
    (tmp_path / "train" / "000.png").rename(tmp_path / "val" / "000.png")
    with pytest.raises(DataError, match="1 image to train on"):
        check(ImageFolder(str(tmp_path), held_out=0.0))


def usable(folder: ImageFolder, size: int) -> int:
    count = 0
    for path in folder.files("train"):
        try:
            folder.crop(path, size, None)
            count += 1
        except DataError:
            pass
    return count


@pytest.mark.parametrize(
    ("sides", "load_size"),
    [([20] * 10, None), ([33] * 30 + [9], None), ([31, 30, 29, 28], None), ([64] * 18 + [8, 21], None)],
)  # fmt: skip
def test_the_image_size_that_is_suggested_works(tmp_path: Path, sides: list[int], load_size: int | None) -> None:
    draw(tmp_path, *sides)
    folder = ImageFolder(str(tmp_path), held_out=0.0, load_size=load_size)
    shorter = [side if load_size is None else min(side, load_size) for side in sides]
    small = sum(side < 48 for side in shorter)
    message = (
        rf"^data\.content\.root: {small} of {len(sides)} images looked at below .* are smaller than the crop "
        rf"of 48 pixels \(shortest side {min(shorter)}\); type image_size=\d+, "
        r"or data\.content\.upscale=true to enlarge them, or data=sample$"
    )
    with pytest.raises(DataError, match=message) as caught:
        check(folder, size=48)
    (suggested,) = map(int, re.findall(r"image_size=(\d+)", str(caught.value)))
    assert suggested % 4 == 0  # the generators' stride
    check(folder, size=suggested)
    assert usable(folder, suggested) >= 0.95 * len(sides)
    bolder = suggested + 4  # and it is the largest that does
    assert usable(folder, bolder) < 0.95 * len(sides)


def test_a_crop_that_no_generator_takes_is_not_suggested(tmp_path: Path) -> None:
    draw(tmp_path, *[10, 20] * 5)
    with pytest.raises(DataError, match=r"\(shortest side 10\); type data\.content\.upscale=true to enlarge them"):
        check(ImageFolder(str(tmp_path), held_out=0.0), size=48)


def test_a_load_size_below_the_crop_is_named_instead_of_the_images(tmp_path: Path) -> None:
    draw(tmp_path, *[50] * 4)
    words = (
        r"data\.content\.load_size=21 shrinks every image below the crop of 48 pixels; type data\.content\.load_size=48"
    )
    with pytest.raises(DataError, match=words):
        check(ImageFolder(str(tmp_path), held_out=0.0, load_size=21), size=48)
    check(ImageFolder(str(tmp_path), held_out=0.0, load_size=48), size=48)


def test_upscale_works_as_suggested(tmp_path: Path) -> None:
    draw(tmp_path, 20, 20, 9)
    with pytest.raises(DataError, match=r"data\.content\.upscale=true to enlarge them"):
        check(ImageFolder(str(tmp_path), held_out=0.0), size=48)
    folder = ImageFolder(str(tmp_path), held_out=0.0, upscale=True)
    check(folder, size=48)
    assert usable(folder, 48) == 3


def test_a_few_small_images_are_let_pass(tmp_path: Path) -> None:
    draw(tmp_path, *[20] * 19, 8)
    check(ImageFolder(str(tmp_path), held_out=0.0), limit=0.05)
    with pytest.raises(DataError, match="1 of 20 images looked at"):
        check(ImageFolder(str(tmp_path), held_out=0.0), limit=0.04)


def spoil(root: Path, count: int) -> None:
    for path in sorted((root / "train").iterdir())[:count]:
        path.write_text("no picture")


def test_unreadable_images_are_said_with_one_of_them(tmp_path: Path) -> None:
    draw(tmp_path, *[16] * 20)
    spoil(tmp_path, 1)
    check(ImageFolder(str(tmp_path), held_out=0.0))  # five percent are let pass
    spoil(tmp_path, 2)
    message = (
        r"^data\.content\.root: 2 of 20 images looked at below .* cannot be read, such as .*000\.png; "
        r"remove them, or to skip them type data\.bad_fraction=0\.1$"
    )
    with pytest.raises(DataError, match=message):
        check(ImageFolder(str(tmp_path), held_out=0.0))
    check(ImageFolder(str(tmp_path), held_out=0.0), limit=0.1)


def test_a_large_folder_is_sampled_all_over(tmp_path: Path) -> None:
    """Bad files at the end of the alphabet must be seen as well."""
    draw(tmp_path, 16, 16)
    for number in range(2, 600):
        (tmp_path / "train" / f"{number:03}.png").hardlink_to(tmp_path / "train" / f"{number % 2:03}.png")
    for number in range(500, 600):
        (tmp_path / "train" / f"{number:03}.png").unlink()
        (tmp_path / "train" / f"{number:03}.png").touch()
    with pytest.raises(DataError, match=r"cannot be read, such as .*/5"):
        check(ImageFolder(str(tmp_path), held_out=0.0))


# --- remedies


def missing(tmp_path: Path, *, where: str = "set", source: bool = False, how_to: str | None = None) -> str:
    folder = ImageFolder(
        str(tmp_path / where), source=Set(tmp_path / "set") if source else None, how_to=how_to
    )  # fmt: skip
    with pytest.raises(DataError) as caught:
        check(folder, name="data.style")
    text = str(caught.value)
    assert "\n" not in text
    return text.split("; ", 1)[1]


OTHERS = "or data.style.root=FOLDER for images you have, or data=sample"


def test_a_set_that_can_be_fetched_says_so(tmp_path: Path) -> None:
    assert missing(tmp_path, source=True) == f"type data.download=true to fetch it, {OTHERS}"
    assert missing(tmp_path, source=True, how_to="ask") == f"type data.download=true to fetch it, {OTHERS}"


def test_a_set_that_must_be_had_by_hand_says_how(tmp_path: Path) -> None:
    expected = f"sign the form at example.org; or type {OTHERS[3:]}"
    assert missing(tmp_path, how_to="sign the form at example.org") == expected


def test_a_folder_of_the_users_own_says_what_to_type(tmp_path: Path) -> None:
    expected = "type data.style.root=FOLDER with your images, or data=sample to try without any"
    assert missing(tmp_path) == expected
    assert missing(tmp_path, where="typed", source=True) == expected  # the source does not bring it


def test_no_more_files_are_opened_than_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_module, "_LOOKS", 4)
    draw(tmp_path, *[16] * 7)
    opened: list[Path] = []
    monkeypatch.setattr(ImageFolder, "file_size", lambda self, path: (opened.append(path), (16, 16))[1])
    check(ImageFolder(str(tmp_path), held_out=0.0))
    assert [path.name for path in opened] == ["000.png", "002.png", "004.png", "006.png"]


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_a_folder_that_may_not_be_read_is_told_in_a_line(as_nobody):
    draw(as_nobody / "style", 32, 32)
    (as_nobody / "style").chmod(0)
    folder = ImageFolder(root=str(as_nobody / "style"), load_size=32)
    with pytest.raises(DataError, match=r"^data\.style\.root: "):
        make_ready(folder, name="data.style", size=16, limit=0.05, download=False)
    (as_nobody / "style").chmod(0o700)


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_a_set_is_not_smaller_where_a_folder_in_it_may_not_be_read(as_nobody):
    draw(as_nobody / "style", 32, 32)
    locked = as_nobody / "style/train/locked"
    locked.mkdir(mode=0)
    folder = ImageFolder(root=str(as_nobody / "style"), load_size=32)
    words = r"locked: the files in this folder cannot be listed \(Permission denied\); make it readable, or move it"
    with pytest.raises(DataError, match=rf"^data\.style\.root: .*{words}"):
        make_ready(folder, name="data.style", size=16, limit=0.05, download=False)
    with pytest.raises(DataError, match=words):
        named_pictures(as_nobody / "style", None, overwrite=False)
    locked.rename(locked.with_name("lost+found"))  # a disk's own: nobody's pictures
    make_ready(folder, name="data.style", size=16, limit=0.05, download=False)
    assert len(named_pictures(as_nobody / "style", None, overwrite=False)[0]) == 2


def test_a_disk_that_fails_does_not_shrink_a_set(tmp_path, monkeypatch):
    draw(tmp_path, 32, 32)
    (tmp_path / "train/more").mkdir()
    (tmp_path / "train/gone").mkdir()
    scan = os.scandir

    def fails(path):
        number = {"more": errno.EIO, "gone": errno.ENOENT}.get(Path(path).name)
        if number is not None:
            raise OSError(number, os.strerror(number), path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", fails)
    with pytest.raises(DataError, match=r"more: the files in this folder cannot be listed"):
        ImageFolder(str(tmp_path)).files("train")
    (tmp_path / "train/more").rmdir()
    assert len(ImageFolder(str(tmp_path), held_out=0.0).files("train")) == 2  # one that was removed meanwhile
