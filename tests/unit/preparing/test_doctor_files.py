"""Every kind of damage is told, and what a file is."""

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage.color import rgb2lab

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Unpaired
from stylegan_pl.data.single import SingleImage
from stylegan_pl.errors import DataError
from stylegan_pl.preparing.doctor import file_facts, survey
from stylegan_pl.preparing.doctor.colours import ColourCount
from stylegan_pl.preparing.doctor.file_facts import look_at
from stylegan_pl.preparing.doctor.survey import is_too_small, look_at_all, places, without_partner


def noise(*shape: int, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, shape, np.uint8))


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("RGB", "a.jpg"),
        ("L", "a.jpg"),
        ("CMYK", "a.jpg"),
        ("RGBA", "a.png"),
        ("P", "a.png"),
        ("1", "a.png"),
        ("LA", "a.png"),
    ],
)
def test_size_mode_format_and_digest_are_the_files(tmp_path: Path, mode: str, name: str) -> None:
    noise(20, 30, 3).convert(mode).save(tmp_path / name)
    facts = look_at(tmp_path / name)
    assert facts.problem is None and (facts.size, facts.mode) == ((30, 20), mode)
    assert facts.format == {"jpg": "JPEG", "png": "PNG"}[name[2:]] and not facts.misnamed and not facts.rotated
    assert facts.digest == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()


def test_16_bits_are_told(tmp_path: Path) -> None:
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30) * 100).save(tmp_path / "deep.png")
    assert look_at(tmp_path / "deep.png").mode == "I;16"


@pytest.mark.parametrize(("orientation", "size"), [(1, (30, 20)), (3, (30, 20)), (6, (20, 30)), (8, (20, 30))])
def test_exif_turns_the_size(tmp_path: Path, orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    noise(20, 30, 3).save(tmp_path / "a.jpg", exif=exif)
    facts = look_at(tmp_path / "a.jpg")
    assert facts.size == size and facts.rotated == (orientation != 1)


def test_an_extension_that_lies_is_no_damage(tmp_path: Path) -> None:
    noise(20, 30, 3).save(tmp_path / "a.jpg", format="PNG")
    facts = look_at(tmp_path / "a.jpg")
    assert facts.problem is None and facts.misnamed and facts.format == "PNG"


def damaged(folder: Path) -> dict[str, str]:
    """Broken files, and what must be said of each."""
    whole = folder / "whole.jpg"
    noise(200, 200, 3).save(whole)
    data = whole.read_bytes()
    (folder / "truncated.jpg").write_bytes(data[: len(data) // 2])
    (folder / "empty.png").touch()
    (folder / "text.png").write_text("hello")
    (folder / "page.jpg").write_text("<html>404 Not Found</html>")
    (folder / "pointer.jpg").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:9f\nsize 123\n")
    (folder / "header.jpg").write_bytes(data[:40])
    png = folder / "torn.png"
    noise(100, 100, 3).save(png)
    torn = bytearray(png.read_bytes())
    torn[len(torn) // 2] ^= 255
    png.write_bytes(bytes(torn))
    return {
        "truncated.jpg": "truncated", "empty.png": "the file is empty", "text.png": "cannot identify",
        "page.jpg": "it is a web page", "pointer.jpg": "type git lfs pull", "header.jpg": "", "torn.png": "",
    }  # fmt: skip


def test_damage_is_told_in_one_line_and_nothing_is_raised(tmp_path: Path) -> None:
    for name, words in damaged(tmp_path).items():
        problem = look_at(tmp_path / name).problem
        assert problem is not None and words in problem, name
        assert "\n" not in problem and str(tmp_path) not in problem
    assert look_at(tmp_path / "whole.jpg").problem is None


def test_a_decompression_bomb_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(100, 100, 3).save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert look_at(tmp_path / "a.png").problem == "0 megapixels, of at most 0; make it smaller"


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    assert look_at(tmp_path / "a.png").problem == "cannot be read (No such file or directory)"


def test_a_decoders_own_error_does_not_end_the_survey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise(20, 20, 3).save(tmp_path / "a.png")

    def fails(*_: object, **__: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr(file_facts, "read_image", fails)
    assert look_at(tmp_path / "a.png").problem == "cannot be read as an image (IndexError: list index out of range)"


def test_colours_are_counted_in_lab() -> None:
    pixels = np.array([[255, 0, 0]] * 3 + [[0, 0, 255]] * 2 + [[255, 255, 255], [0, 0, 0]], np.uint8)
    total = ColourCount.empty()
    for _ in range(2):
        total.add(ColourCount.of(pixels))
    assert total.lightness.sum() == total.plane.sum() == 14  # white and black are inside
    for pixel, count in zip(pixels[[0, 3]], (6, 4), strict=True):
        light, a, b = rgb2lab(pixel)
        assert total.lightness[int(light // 2)] == count
        assert total.plane[int((b + 112) // 4), int((a + 112) // 4)] == count
    assert total.plane[28, 28] + total.plane[27:29, 27:29].sum() - total.plane[28, 28] == 4  # both greys in the middle


def test_processes_find_what_one_finds_in_the_same_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_FEW", 4)
    for index in range(6):
        noise(20 + index, 20, 3, seed=index).save(tmp_path / f"{index}.png")
    (tmp_path / "3.png").write_bytes(b"")
    paths = sorted(tmp_path.iterdir())
    alone, pool = (list(look_at_all(paths, workers=count)) for count in (0, 2))
    assert [(f.path, f.problem, f.size, f.digest) for f in alone] == [
        (f.path, f.problem, f.size, f.digest) for f in pool
    ]


def die(path: Path, *, one_frame: bool) -> None:
    os._exit(1)


def test_a_process_that_dies_is_said_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(survey, "_FEW", 1)
    monkeypatch.setattr(survey, "look_at", die)
    with pytest.raises(DataError, match=r"because memory ran out; type data\.workers=0$"):
        list(look_at_all([tmp_path / "a.png", tmp_path / "b.png"], workers=2))


@pytest.mark.parametrize("upscale", [False, True])
@pytest.mark.parametrize("load_size", [None, 24, 40])
@pytest.mark.parametrize("size", [(31, 60), (32, 60), (60, 20)])
def test_too_small_is_what_the_crop_refuses(
    tmp_path: Path, size: tuple[int, int], load_size: int | None, upscale: bool
) -> None:
    noise(size[1], size[0], 3).save(tmp_path / "a.png")
    folder = ImageFolder(str(tmp_path), load_size=load_size, upscale=upscale)
    try:
        folder.crop(tmp_path / "a.png", 32, None)
        refused = False
    except DataError:
        refused = True
    assert is_too_small(look_at(tmp_path / "a.png"), folder, 32) == refused


def test_places_are_the_files_of_a_run_each_once(tmp_path: Path) -> None:
    for name in ("content/a.png", "content/b.png", "content/only.png", "style/a.jpg", "style/b.jpg"):
        for split in ("train", "val"):
            path = tmp_path / name.replace("/", f"/{split}/")
            path.parent.mkdir(parents=True, exist_ok=True)
            noise(20, 20, 3).save(path)
    content, style = ImageFolder(str(tmp_path / "content")), ImageFolder(str(tmp_path / "style"))
    assert len(places(content, style, Unpaired())) == 10 and not without_partner(content, style, Unpaired())
    assert len(places(content, style, PairedByName())) == 8
    alone = without_partner(content, style, PairedByName())
    assert [(p.side, p.split, p.path.name) for p in alone] == [
        ("content", "train", "only.png"), ("content", "val", "only.png"),
    ]  # fmt: skip
    single = [SingleImage(str(tmp_path / name)) for name in ("content/train/a.png", "style/train/a.jpg")]
    assert [(p.side, p.split) for p in places(*single, Unpaired())] == [("content", "train"), ("style", "train")]
