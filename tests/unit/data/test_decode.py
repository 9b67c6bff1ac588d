"""The fast decoder gives the pixels of `read_image`, and steps aside where there is something to apply."""

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.reading import decode as module
from stylegan_pl.data.reading import resample
from stylegan_pl.data.reading.decode import decode, draft, plain_jpeg
from stylegan_pl.data.reading.resample import resampled
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.read import read_image


def picture(width: int, height: int) -> Image.Image:
    """Blocks of colour and noise: chroma subsampling and edges show."""
    rng = np.random.default_rng(width * height)
    coarse = Image.fromarray(rng.integers(0, 255, (5, 7, 3), dtype=np.uint8)).resize((width, height), 0)
    noisy = np.asarray(coarse).astype(int) + rng.integers(-20, 20, (height, width, 1))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def jpeg(image: Image.Image, **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def by_pillow(content: bytes, at_least: int | None) -> np.ndarray:
    return np.asarray(read_image(io.BytesIO(content), at_least=at_least)).astype(int)  # type: ignore[arg-type]


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("not this one")


PLAIN = [
    {"quality": 90},
    {"quality": 75, "subsampling": 0},
    {"quality": 60, "subsampling": 1},
    {"quality": 90, "progressive": True},
    {"quality": 40, "restart_marker_rows": 1},
]


@pytest.mark.parametrize("options", PLAIN, ids=str)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_a_plain_jpeg_has_pillows_pixels_at_every_size(
    options: dict[str, Any], mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("simplejpeg")
    for width, height in ((333, 251), (64, 400), (17, 9), (1, 1)):
        content = jpeg(picture(width, height).convert(mode), **options)
        for at_least in (None, 1, 20, 60, 200):
            expected = by_pillow(content, at_least)
            with monkeypatch.context() as patch:
                patch.setattr(module, "read_image", refuse)
                found = decode(content, "a.jpg", at_least=at_least)
            assert found.dtype == np.uint8 and found.shape == expected.shape
            assert np.abs(found - expected).max() <= 1


def exif(orientation: int) -> bytes:
    block = Image.Exif()
    block[274] = orientation
    return block.tobytes()


def not_plain() -> dict[str, bytes]:
    image = picture(60, 40)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("XYZ")).tobytes()
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<x:xmpmeta tiff:Orientation='6'/>"
    plain = jpeg(image, quality=90)
    inverted = jpeg(image.convert("CMYK"), quality=90)
    stream = io.BytesIO()
    Image.fromarray(np.arange(2400, dtype=np.uint16).reshape(40, 60) * 27).save(stream, "PNG")
    return {
        "turned": jpeg(image, exif=exif(6)),
        "with EXIF": jpeg(image, exif=exif(1)),
        "XMP": plain[:2] + b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp + plain[2:],
        "profile": jpeg(image, icc_profile=profile),
        "CMYK": inverted,
        "RGB inside": jpeg(image, keep_rgb=True),
        "16 bits": stream.getvalue(),
    }


@pytest.mark.parametrize("kind", list(not_plain()))
@pytest.mark.parametrize("at_least", [None, 10])
def test_what_has_something_to_apply_is_read_image_s(
    kind: str, at_least: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = not_plain()[kind]
    expected = by_pillow(content, at_least)
    if kind != "RGB inside":  # libjpeg guesses it from the channels' names, whoever calls
        assert plain_jpeg(content) is None
    if module.simplejpeg is not None and kind != "RGB inside":
        monkeypatch.setattr(module.simplejpeg, "decode_jpeg", refuse)
    assert np.array_equal(decode(content, "a", at_least=at_least), expected)


def test_without_simplejpeg_the_pixels_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    content = jpeg(picture(90, 70), quality=85)
    fast = decode(content, "a.jpg", at_least=30).astype(int)
    monkeypatch.setattr(module, "simplejpeg", None)
    slow = decode(content, "a.jpg", at_least=30)
    assert np.abs(fast - slow).max() <= 1
    slow[0, 0] = 0  # may be written to, as what a decoder makes may


def test_the_size_asked_for_is_the_one_that_pillow_takes() -> None:
    """Over sides and wishes: by how much Pillow's own draft divides, after `read_image` asked it."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        width, height = (int(side) for side in rng.integers(1, 700, 2))
        content = jpeg(Image.new("L", (width, height)))
        for at_least in (1, int(rng.integers(1, 300)), min(width, height), 1000):
            read = read_image(io.BytesIO(content), at_least=at_least)  # type: ignore[arg-type]
            part = draft((height, width), at_least)
            assert read.size == (-(-width // part), -(-height // part))


@pytest.mark.parametrize("cut", [0, 1, 2, 3, 11, 100, 400, -400, -2, -1])
def test_a_truncated_file_is_named(cut: int) -> None:
    content = jpeg(picture(90, 70), quality=85)[:cut]
    with pytest.raises(DataError, match=r"photos/a\.jpg: cannot be read as an image"):
        decode(content, "photos/a.jpg")


def test_a_header_of_anything_is_looked_at_without_a_fall() -> None:
    content = bytearray(jpeg(picture(90, 70), quality=85))
    assert plain_jpeg(bytes(content)) == (70, 90)
    rng = np.random.default_rng(0)
    for _ in range(300):
        damaged = content[: int(rng.integers(len(content)))]
        for place in rng.integers(0, 200, 4):
            if place < len(damaged):
                damaged[place] = int(rng.integers(256))
        found = plain_jpeg(bytes(damaged))
        assert found is None or min(found) > 0


def test_too_many_pixels_are_refused_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    content = jpeg(Image.new("RGB", (200, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5000)
    with pytest.raises(DataError, match=r"a\.jpg: 0 megapixels, of at most 0; make it smaller$"):
        decode(content, "a.jpg")


@pytest.mark.parametrize("size", [(20, 30), (31, 47), (63, 95), (80, 121), (40, 95), (63, 40)])
def test_resampling_is_pillows_lanczos(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.asarray(picture(95, 63))
    expected = np.asarray(Image.fromarray(pixels).resize(size[::-1], Image.Resampling.LANCZOS)).astype(int)
    for has in (True, False) if resample.TORCH_HAS_LANCZOS else (False,):
        monkeypatch.setattr(resample, "TORCH_HAS_LANCZOS", has)
        found = resampled(pixels, *size)
        assert found.shape == (*size, 3) and found.dtype == np.uint8
        assert np.abs(found - expected).max() <= 2 * has and np.abs(found - expected).mean() < 0.02
        assert np.array_equal(found, resampled(np.ascontiguousarray(pixels[:, ::-1])[:, ::-1], *size))  # any strides


def test_without_torch_decoding_is_possible() -> None:
    assert "torch" not in Path(module.__file__).read_text()
    assert sys.modules[module.__name__] is module


@pytest.mark.parametrize("load_size", [None, 40])
def test_a_folder_that_is_not_to_be_fast_is_read_by_pillow_alone(
    load_size: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(picture(95, 63), quality=85))
    fast, slow = (ImageFolder(str(tmp_path), load_size=load_size, fast=fast) for fast in (True, False))
    found = fast.pixels(tmp_path / "a.jpg", 32).astype(int)
    if module.simplejpeg is not None:
        monkeypatch.setattr(module.simplejpeg, "decode_jpeg", refuse)
    monkeypatch.setattr(resample, "interpolate", refuse)
    image = Image.open(tmp_path / "a.jpg").convert("RGB")
    if load_size is not None:
        image = image.resize((round(95 * 40 / 63), 40), Image.Resampling.LANCZOS)
    assert np.array_equal(slow.pixels(tmp_path / "a.jpg", 32), np.asarray(image))
    assert np.abs(found - np.asarray(image)).max() <= 3


@pytest.mark.parametrize(
    ("size", "at_least", "is_there"),
    [((70, 90), None, True), ((70, 90), 70, True), ((64, 64), None, False), ((35, 45), 30, False)],
)
def test_a_picture_of_just_the_size_is_decoded_where_it_is_wanted(size, at_least, is_there) -> None:
    pytest.importorskip("simplejpeg")
    content = jpeg(picture(90, 70), quality=85)
    into = np.zeros((*size, 3), np.uint8)
    found = decode(content, "a.jpg", at_least=at_least, into=into)
    assert np.array_equal(found, decode(content, "a.jpg", at_least=at_least))
    assert np.shares_memory(found, into) == is_there == bool(into.any())


def test_a_few_pixels_made_fewer_are_pillows() -> None:
    """Below 8 pixels libjpeg reaches one size by several factors, whose pictures are far from each other."""
    for height, width in [(3, 3), (5, 5), (7, 2), (3, 7), (7, 7), (8, 8), (9, 3), (15, 15)]:
        noise = np.random.default_rng(height).integers(0, 256, (height, width, 3), dtype=np.uint8)
        content = jpeg(Image.fromarray(noise), quality=90, subsampling=0)
        for at_least in range(1, min(height, width) + 1):
            gap = decode(content, "a.jpg", at_least=at_least).astype(int) - by_pillow(content, at_least)
            assert np.abs(gap).max() <= 1, (height, width, at_least)
