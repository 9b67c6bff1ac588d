"""Sound pixels are read whatever is written beside them, and in whatever order they are stored."""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from stylegan_pl.data.reading.decode import decode
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.exif import camera_exif
from stylegan_pl.pictures.read import header, read_image, upright_exif, upright_size
from stylegan_pl.preparing.doctor.file_facts import look_at

HEIGHT, WIDTH = 24, 40
TURNED_RIGHT = 6
RATIONAL, ASCII, SHORT, LONG = 5, 2, 3, 4


def picture() -> Image.Image:
    """Red grows to the right, green downwards."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return Image.fromarray(np.stack([x * 6, y * 10, np.full_like(x, 90)], -1).astype(np.uint8))


def exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """A block of (tag, type, count, value or its 4 bytes), orientation 6 among them."""
    entries = tuple(sorted([*entries, (0x0112, SHORT, 1, struct.pack("<HH", TURNED_RIGHT, 0))]))
    start, body, tail = 8 + 2 + 12 * len(entries) + 4, b"", b""
    for tag, kind, count, value in entries:
        if len(value) > 4:
            tail, value = tail + value, struct.pack("<I", start + len(tail))
        body += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + bytes(4) + tail


ODD = {
    "a negative rational": exif((0x011A, RATIONAL, 1, struct.pack("<ii", -1, 3))),
    "a negative signed rational as one without a sign": exif((0x9204, RATIONAL, 1, struct.pack("<iI", -7, 3))),
    "a rational by zero": exif((0x011A, 10, 1, struct.pack("<ii", 5, 0))),
    "not a number": exif((0x011A, 12, 1, struct.pack("<d", float("nan")))),
    "infinity": exif((0x9201, 11, 1, struct.pack("<f", float("inf")))),
    "a text in a number": exif((0x011A, ASCII, 12, b"seventy-two\0")),
    "a text in a size": exif((0x0100, ASCII, 5, b"wide\0")),
    "an offset beyond its end": exif((0x8769, LONG, 1, struct.pack("<I", 2**31 - 1))),
    "itself as a part of it": exif((0x8769, LONG, 1, struct.pack("<I", 8))),
}


@pytest.mark.parametrize("kind", list(ODD))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_an_odd_exif_block_costs_no_picture_and_turns_it_still(tmp_path: Path, kind: str, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    picture().save(path, exif=ODD[kind], **({"quality": 100} if suffix != ".png" else {}))
    read = read_image(path)
    assert read.size == upright_size(path) == (HEIGHT, WIDTH)
    red, green, _ = (np.asarray(read)[..., c].astype(int) for c in range(3))
    assert red[-1, 0] - red[0, 0] > 150 and green[0, 0] - green[0, -1] > 150  # turned clockwise
    assert look_at(path).problem is None
    assert decode(path.read_bytes(), str(path)).shape == (WIDTH, HEIGHT, 3)
    upright_exif(path)  # None or a block, never an error


def test_what_can_be_told_of_a_taking_is_kept_beside_what_cannot(tmp_path: Path) -> None:
    picture().save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        image.getexif().update({0x010F: "Maker", 0x8298: 2**70})
        image.getexif().get_ifd(0x8769).update({0x9003: "2026:01:02 03:04:05", 0x8827: 2**70})
        told = camera_exif(image)
    assert told is not None
    kept = Image.Exif()
    kept.load(told)
    assert kept[0x010F] == "Maker"
    assert dict(kept.get_ifd(0x8769)) == {0x9003: "2026:01:02 03:04:05"}


@pytest.mark.parametrize("told", [b"6\0", b"\xff" * 4])
def test_an_orientation_that_is_no_number_turns_nothing(tmp_path: Path, told: bytes) -> None:
    block = b"Exif\0\0II*\0\x08\0\0\0\x01\0" + struct.pack("<HHI", 0x0112, ASCII, len(told)) + told.ljust(4, b"\0")
    picture().save(tmp_path / "a.png", exif=block + bytes(4))
    assert read_image(tmp_path / "a.png").size == (WIDTH, HEIGHT)


def chunk(kind: bytes, data: bytes, *, wrong: bool = False) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data) ^ wrong)


LONG_TEXT = b"x" * (3 << 20)
CHUNKS = {
    "a long text": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(LONG_TEXT)),
    "a long text of another kind": chunk(b"iTXt", b"XML\0\1\0\0\0" + zlib.compress(LONG_TEXT)),
    "a text with a wrong sum": chunk(b"tEXt", b"Title\0no", wrong=True),
    "a text that is not compressed": chunk(b"zTXt", b"Comment\0\0plain"),
    "a large profile": chunk(b"iCCP", b"wide\0\0" + zlib.compress(bytes(3 << 20))),
    "a profile that unpacks without end": chunk(b"iCCP", b"bomb\0\0" + zlib.compress(bytes(65 << 20))),
    "a time of no length": chunk(b"tIME", b""),
    "many long texts": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(1 << 20))) * 70,
}


@pytest.mark.parametrize("kind", list(CHUNKS))
@pytest.mark.parametrize("behind", [False, True], ids=["before the pixels", "behind the pixels"])
def test_blocks_of_a_png_that_nobody_needs_cost_no_picture(tmp_path: Path, kind: str, behind: bool) -> None:
    file = io.BytesIO()
    picture().save(file, "PNG")
    plain = file.getvalue()
    place = plain.index(b"IEND") - 4 if behind else 33
    path = tmp_path / "a.png"
    path.write_bytes(plain[:place] + CHUNKS[kind] + plain[place:])
    assert np.array_equal(np.asarray(read_image(path)), np.asarray(picture()))
    assert header(path)[:3] == ((WIDTH, HEIGHT), "RGB", "PNG")


def test_a_large_profile_of_a_png_is_applied(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = srgb.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")  # red is blue
    file = io.BytesIO()
    picture().save(file, "PNG", icc_profile=profile + bytes(3 << 20))
    (tmp_path / "a.png").write_bytes(file.getvalue())
    picture().save(tmp_path / "small.png", icc_profile=profile)
    expected = np.asarray(read_image(tmp_path / "small.png"))
    assert not np.array_equal(expected, np.asarray(picture()))
    assert np.array_equal(np.asarray(read_image(tmp_path / "a.png")), expected)


def test_broken_profiles_of_a_jpeg_cost_no_picture(tmp_path: Path) -> None:
    file = io.BytesIO()
    picture().save(file, "JPEG", quality=100, subsampling=0)
    plain, data = file.getvalue(), b"ICC_PROFILE\0\1"  # of how many, it does not say
    (tmp_path / "a.jpg").write_bytes(plain[:2] + b"\xff\xe2" + struct.pack(">H", len(data) + 2) + data + plain[2:])
    assert np.array_equal(np.asarray(read_image(tmp_path / "a.jpg")), np.asarray(read_image(file)))


def test_a_damaged_picture_is_still_refused(tmp_path: Path) -> None:
    file = io.BytesIO()
    picture().save(file, "PNG")
    (tmp_path / "a.png").write_bytes(file.getvalue()[:60])
    with pytest.raises(DataError, match="cannot be read as an image"):
        read_image(tmp_path / "a.png")


# --- TIFF


def pages(path: Path, *arrays: tuple[np.ndarray, int]) -> Path:
    with tifffile.TiffWriter(path) as file:
        for array, kind in arrays:
            file.write(array, photometric="rgb", subfiletype=kind, metadata=None)
    return path


def test_a_thumbnail_is_no_second_picture_wherever_it_lies(tmp_path: Path) -> None:
    whole = np.asarray(picture())
    small, smaller = whole[::2, ::2], whole[::4, ::4]
    behind = pages(tmp_path / "behind.tif", (whole, 0), (small, 1), (smaller, 1))
    before = pages(tmp_path / "before.tif", (small, 1), (whole, 0))
    for path in (behind, before):
        assert np.array_equal(np.asarray(read_image(path, one_frame=True)), whole)
        assert upright_size(path) == (WIDTH, HEIGHT)
    two = pages(tmp_path / "two.tif", (whole, 0), (small, 1), (whole, 0))
    with pytest.raises(DataError, match="2 pictures in one file; type first_frame=true"):
        read_image(two, one_frame=True)
    assert np.array_equal(np.asarray(read_image(two)), whole)


@pytest.mark.parametrize("byteorder", ["<", ">"])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("kind", ["rgb", "rgba", "cmyk"])
def test_planes_of_sixteen_bits_are_the_picture_not_noise(
    tmp_path: Path, kind: str, compression: str | None, byteorder: str
) -> None:
    whole = picture() if kind == "rgb" else picture().convert(kind.upper())
    values = np.asarray(whole).astype(np.uint16) * 257
    path = tmp_path / "planes.tif"
    tifffile.imwrite(
        path, np.moveaxis(values, -1, 0), photometric="separated" if kind == "cmyk" else "rgb", planarconfig="separate",
        compression=compression, byteorder=byteorder, rowsperstrip=7,
        extrasamples=["unassalpha"] if kind == "rgba" else None,
    )  # fmt: skip
    expected = np.asarray(whole.convert("RGB"))
    assert np.array_equal(np.asarray(read_image(path)), expected)
    assert np.array_equal(decode(path.read_bytes(), str(path)), expected)  # as training reads it


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("planes", [False, True])
@pytest.mark.parametrize("height", [HEIGHT, WIDTH])
def test_tiffs_are_turned_once(tmp_path: Path, orientation: int, planes: bool, height: int) -> None:
    whole = np.asarray(picture().resize((WIDTH, height)))
    path = tmp_path / "a.tif"
    values = np.moveaxis(whole.astype(np.uint16) * 257, -1, 0) if planes else whole
    tifffile.imwrite(
        path, values, photometric="rgb", planarconfig="separate" if planes else "contig", metadata=None,
        extratags=[(0x0112, 3, 1, orientation, True)],
    )  # fmt: skip
    turns = {1: 0, 3: 2, 6: 3, 8: 1}[orientation]  # counterclockwise, to upright
    read = read_image(path)
    assert np.array_equal(np.asarray(read), np.rot90(whole, turns))
    assert upright_size(path) == read.size


def test_deep_grey_that_counts_downwards_is_no_negative(tmp_path: Path) -> None:
    light = np.linspace(0, 65535, WIDTH * HEIGHT).reshape(HEIGHT, WIDTH)
    tifffile.imwrite(tmp_path / "a.tif", (65535 - light).astype(np.uint16), photometric="miniswhite")
    read = np.asarray(read_image(tmp_path / "a.tif"))[..., 0]
    assert np.abs(read - light / 257).max() <= 1


# --- phones' formats


def test_heic_and_avif_are_read_and_turned(tmp_path: Path) -> None:
    from pillow_heif import from_pillow

    block = exif()
    from_pillow(picture()).save(tmp_path / "a.heic", quality=95, exif=block)
    from_pillow(picture()).save(tmp_path / "b.HIF", quality=95)
    picture().save(tmp_path / "c.avif", quality=95, exif=block)
    for name in ("b.HIF", "c.avif"):
        path = tmp_path / name
        upright = picture() if name == "b.HIF" else picture().transpose(Image.Transpose.ROTATE_270)
        assert read_image(path).size == upright_size(path) == upright.size
        assert np.abs(np.asarray(read_image(path)).astype(int) - np.asarray(upright)).mean() < 4
        assert look_at(path).problem is None and not look_at(path).misnamed
        assert decode(path.read_bytes(), name).shape == np.asarray(upright).shape
    assert read_image(tmp_path / "a.heic").size == upright_size(tmp_path / "a.heic")


def test_heic_without_its_reader_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pillow_heif import from_pillow

    from_pillow(picture()).save(tmp_path / "a.heic")
    monkeypatch.setitem(__import__("sys").modules, "pi_heif", None)
    monkeypatch.setattr(Image, "OPEN", {name: how for name, how in Image.OPEN.items() if name != "HEIF"})
    monkeypatch.setattr(Image, "ID", [name for name in Image.ID if name != "HEIF"])
    with pytest.raises(DataError, match=r"a\.heic: HEIC is read by pi-heif, which is not installed; type: pip install"):
        read_image(tmp_path / "a.heic")
