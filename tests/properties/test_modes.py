"""Pictures of any mode and format: what comes out is the sRGB picture that a viewer shows."""

import io

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from stylegan_pl.data.reading.decode import decode
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.srgb import to_srgb

MODES = [
    "1",
    "L",
    "LA",
    "La",
    "P",
    "PA",
    "RGB",
    "RGBA",
    "RGBa",
    "RGBX",
    "CMYK",
    "YCbCr",
    "HSV",
    "LAB",
    "I",
    "F",
    "I;16",
]
LOSSLESS = {"1": "PNG", "L": "PNG", "P": "PNG", "RGB": "BMP", "CMYK": "TIFF"}


@st.composite
def pictures(draw, modes=MODES) -> Image.Image:
    """Of any mode, a few pixels each way."""
    mode, height, width = draw(st.sampled_from(modes)), draw(st.integers(1, 9)), draw(st.integers(1, 9))
    random = np.random.default_rng(draw(st.integers(0, 999)))
    if mode in ("I", "F", "I;16"):
        kind = {"I": "int32", "F": "float32", "I;16": "uint16"}[mode]
        top = draw(st.sampled_from([1, 255, 65535]))
        return Image.fromarray((random.random((height, width)) * top).astype(kind))
    bands = len(Image.new(mode, (1, 1)).getbands())
    image = Image.frombytes(mode, (width, height), random.bytes(height * width * bands)) if mode != "1" else None
    image = image or Image.fromarray(random.random((height, width)) < 0.5)
    if mode in ("P", "PA"):
        image.putpalette(random.bytes(768))
    return image


@given(pictures())
def test_every_mode_becomes_rgb_of_its_size(image):
    shown = to_srgb(image.copy())
    assert (shown.mode, shown.size) == ("RGB", image.size)
    assert to_srgb(shown).tobytes() == shown.tobytes()


@given(pictures(list(LOSSLESS)))
def test_what_a_lossless_file_holds_is_what_is_read(image):
    file = io.BytesIO()
    image.save(file, LOSSLESS[image.mode])
    file.seek(0)
    assert read_image(file).tobytes() == image.convert("RGB").tobytes()


@given(pictures(["RGBA"]))
def test_transparency_is_laid_over_white(image):
    pixels = np.asarray(image).astype(float)
    share = pixels[..., 3:] / 255
    expected = pixels[..., :3] * share + 255 * (1 - share)
    assert np.abs(np.asarray(to_srgb(image)) - expected).max() <= 1


@given(
    pictures(["RGB", "L"]), st.integers(1, 100), st.booleans(), st.sampled_from([0, 1, 2]),
    st.none() | st.integers(1, 20),
)  # fmt: skip
def test_a_jpeg_is_the_same_picture_by_every_decoder(image, quality, progressive, subsampling, at_least):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality, progressive=progressive, subsampling=subsampling)
    fast, slow = (decode(file.getvalue(), "a.jpg", at_least=at_least, fast=fast).astype(int) for fast in (True, False))
    assert fast.shape == slow.shape and np.abs(fast - slow).max() <= 1


HEADS = [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF", b"II*\x00", b"BM"]


@given(st.binary(max_size=200), st.sampled_from(HEADS))
def test_bytes_that_are_no_picture_are_told_in_one_line(content, head):
    for fast in (True, False):
        try:
            decode(head + content, "odd.bin", fast=fast)
        except DataError as error:
            assert str(error).startswith("odd.bin: ") and "\n" not in str(error)
