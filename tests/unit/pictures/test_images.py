"""Any image file becomes the upright sRGB picture a viewer shows, and results are written whole or not at all."""

import errno
import io
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import ExifTags, Image, ImageCms

from stylegan_pl.errors import DataError
from stylegan_pl.pictures.read import pixel_limit, read_image, upright_exif, upright_size
from stylegan_pl.pictures.srgb import to_srgb
from stylegan_pl.pictures.tensors import grid, image_to_tensor, tensor_to_image, to_float, to_uint8
from stylegan_pl.pictures.write import EXTENSIONS, check_result, write_image

ORIENTATION, ARTIST = ExifTags.Base.Orientation, ExifTags.Base.Artist
EXIF_IFD, GPS_IFD, DATE_TAKEN = 0x8769, 0x8825, 0x9003


def noise(height: int = 20, width: int = 30) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def smooth(height: int = 24, width: int = 40) -> np.ndarray:
    """Gradients that JPEG keeps: red to the right, green downwards."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 255 // (width - 1), y * 255 // (height - 1), np.full_like(x, 90)], -1).astype(np.uint8)


def save(array: np.ndarray, path: Path, mode: str | None = None, **options: Any) -> Path:
    image = Image.fromarray(array)
    (image if mode is None else image.convert(mode)).save(path, **options)
    return path


def read(path: Path, **options: Any) -> np.ndarray:
    image = read_image(path, **options)
    assert image.mode == "RGB"
    return np.asarray(image)


def difference(a: np.ndarray, b: np.ndarray) -> int:
    assert a.shape == b.shape
    return int(np.abs(a.astype(int) - b.astype(int)).max())


def write_tiff(path: Path, array: np.ndarray, order: str) -> Path:
    """A bare TIFF of 16 bits a sample: Pillow writes none with three channels."""
    height, width = array.shape[:2]
    channels = 1 if array.ndim == 2 else 3
    data = array.astype(f"{order}u2").tobytes()
    entries = 9
    extra_at = 8 + 2 + 12 * entries + 4
    extra = struct.pack(f"{order}3H", 16, 16, 16)
    head = (b"II" if order == "<" else b"MM") + struct.pack(f"{order}HI", 42, 8)

    def short(tag: int, value: int) -> bytes:
        return struct.pack(f"{order}HHIHH", tag, 3, 1, value, 0)

    def long(tag: int, value: int) -> bytes:
        return struct.pack(f"{order}HHII", tag, 4, 1, value)

    bits = short(258, 16) if channels == 1 else struct.pack(f"{order}HHII", 258, 3, 3, extra_at)
    directory = [
        long(256, width), long(257, height), bits, short(259, 1), short(262, 1 if channels == 1 else 2),
        long(273, extra_at + len(extra)), short(277, channels), long(278, height), long(279, len(data)),
    ]  # fmt: skip
    path.write_bytes(head + struct.pack(f"{order}H", entries) + b"".join(directory) + bytes(4) + extra + data)
    return path


# --- formats and modes


@pytest.mark.parametrize(
    ("name", "options"),
    [("a.png", {}), ("a.PNG", {}), ("a.webp", {"lossless": True}), ("a.tif", {}),
     ("a.tiff", {"compression": "tiff_lzw"}), ("a.bmp", {})],
)  # fmt: skip
def test_lossless_formats_are_read_exactly(tmp_path: Path, name: str, options: dict[str, Any]) -> None:
    assert np.array_equal(read(save(noise(), tmp_path / name, **options)), noise())


@pytest.mark.parametrize("name", ["a.jpg", "a.jpeg", "a.webp"])
def test_lossy_formats_are_read_closely(tmp_path: Path, name: str) -> None:
    assert difference(read(save(smooth(), tmp_path / name, quality=95)), smooth()) <= 12


def test_a_file_is_read_by_its_content_below_nested_folders(tmp_path: Path) -> None:
    folder = tmp_path / "a b" / "é" / "c"
    folder.mkdir(parents=True)
    save(noise(), folder / "x.png")
    (folder / "x.png").rename(folder / "wrongly named.jpg")
    assert np.array_equal(read(folder / "wrongly named.jpg"), noise())


SIXTEEN_BITS = np.array([[0, 257, 32768, 65535], [1000, 128, 129, 40000]], dtype=np.uint16)


@pytest.mark.parametrize("kind", ["png", "tif", "little.tif", "big.tif"])
def test_sixteen_bit_grey_is_scaled(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"a.{kind}"
    if "." in kind:
        write_tiff(path, SIXTEEN_BITS, "<" if "little" in kind else ">")
    else:
        save(SIXTEEN_BITS, path)
    pixels = read(path)
    for (y, x), value in np.ndenumerate(SIXTEEN_BITS):
        assert pixels[y, x].tolist() == [round(int(value) * 255 / 65535)] * 3


def test_a_dark_sixteen_bit_picture_stays_dark(tmp_path: Path) -> None:
    assert read(save(np.full((4, 4), 200, dtype=np.uint16), tmp_path / "a.png")).max() == 1


@pytest.mark.parametrize("order", ["<", ">"])
def test_sixteen_bit_colour_is_scaled(tmp_path: Path, order: str) -> None:
    colours = np.stack([SIXTEEN_BITS, SIXTEEN_BITS[::-1], SIXTEEN_BITS // 2], -1)
    pixels = read(write_tiff(tmp_path / "a.tif", colours, order))
    assert difference(pixels, np.round(colours / 257.0)) <= 1  # Pillow keeps the upper byte
    assert pixels[0, 3, 0] == 255
    assert pixels[0, 0, 0] == 0


def test_float_grey_is_a_share_of_white_or_levels(tmp_path: Path) -> None:
    share = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    for scale in (1, 255):
        pixels = read(save(share * np.float32(scale), tmp_path / f"{scale}.tif"))
        for channel in range(3):
            assert difference(pixels[..., channel], np.round(share * 255)) <= 1
        assert pixels[0, 0, 0] == 0 and pixels[-1, -1, 0] == 255


@pytest.mark.parametrize("white", [1, 255, 65535])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, "overshoot"])
def test_a_few_odd_floats_leave_the_others_as_they_are(tmp_path: Path, white: int, odd: float | str) -> None:
    grey = np.linspace(0, white, 200, dtype=np.float32).reshape(10, 20)
    if odd == "overshoot":
        stored = grey * np.float32(1.05)
    else:
        stored = grey.copy()
        stored[0, 0] = odd
    pixels = read(save(stored, tmp_path / "a.tif"))
    expected = np.nan_to_num(stored.astype(np.float64) * 255 / white, nan=0).round().clip(0, 255)
    assert difference(pixels[..., 0], expected) <= 1


@pytest.mark.parametrize("values", [[np.nan, np.nan], [0, 1e7]])
def test_floats_of_which_none_is_known_to_be_white_are_refused(tmp_path: Path, values: list[float]) -> None:
    with pytest.raises(DataError, match=r"a number|which is white"):
        read(save(np.tile(np.array(values, dtype=np.float32), (4, 1)), tmp_path / "a.tif"))


@pytest.mark.parametrize("kind", [np.uint32, np.int32])
def test_grey_of_32_bits_is_read_as_its_16_or_refused(tmp_path: Path, kind: type[np.number]) -> None:
    share = np.linspace(0, 1, 20).reshape(4, 5)
    tifffile.imwrite(tmp_path / "few.tif", (share * 65535).astype(kind))
    assert difference(read(tmp_path / "few.tif")[..., 0], np.round(share * 255)) <= 1
    tifffile.imwrite(tmp_path / "many.tif", (share * np.iinfo(kind).max).astype(kind))
    with pytest.raises(DataError, match="which is white"):
        read(tmp_path / "many.tif")


def test_grey(tmp_path: Path) -> None:
    grey = noise()[..., 0]
    assert np.array_equal(read(save(grey, tmp_path / "a.png")), np.stack([grey] * 3, -1))
    assert difference(read(save(smooth()[..., 0], tmp_path / "a.jpg")), np.stack([smooth()[..., 0]] * 3, -1)) <= 8


def over_white(colour: int, alpha: int) -> int:
    return round((colour * alpha + 255 * (255 - alpha)) / 255)


def test_grey_with_alpha_lies_over_white(tmp_path: Path) -> None:
    image = Image.new("LA", (3, 1))
    for x, pixel in enumerate([(40, 0), (40, 255), (40, 128)]):
        image.putpixel((x, 0), pixel)
    image.save(tmp_path / "a.png")
    expected = [[over_white(40, alpha)] * 3 for alpha in (0, 255, 128)]
    assert read(tmp_path / "a.png")[0].tolist() == expected


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_transparency_lies_over_white(tmp_path: Path, name: str) -> None:
    image = Image.new("RGBA", (3, 1))
    for x, alpha in enumerate((0, 255, 128)):
        image.putpixel((x, 0), (200, 100, 0, alpha))
    image.save(tmp_path / name, **({"lossless": True, "exact": True} if name.endswith("webp") else {}))
    expected = [[over_white(colour, alpha) for colour in (200, 100, 0)] for alpha in (0, 255, 128)]
    assert read(tmp_path / name)[0].tolist() == expected


def test_palette_and_its_transparent_colour(tmp_path: Path) -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 200, 100, 50, 0, 0, 255])
    for x in range(3):
        image.putpixel((x, 0), x)
    image.save(tmp_path / "plain.png")
    image.save(tmp_path / "clear.png", transparency=1)
    assert read(tmp_path / "plain.png")[0].tolist() == [[10, 20, 30], [200, 100, 50], [0, 0, 255]]
    assert read(tmp_path / "clear.png")[0].tolist() == [[10, 20, 30], [255, 255, 255], [0, 0, 255]]


def test_a_transparent_colour_of_an_rgb_png(tmp_path: Path) -> None:
    image = Image.new("RGB", (2, 1), (1, 2, 3))
    image.putpixel((1, 0), (9, 9, 9))
    image.save(tmp_path / "a.png", transparency=(9, 9, 9))
    assert read(tmp_path / "a.png")[0].tolist() == [[1, 2, 3], [255, 255, 255]]


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.bmp"])
def test_one_bit(tmp_path: Path, name: str) -> None:
    bits = noise()[..., 0] > 127
    image = Image.fromarray(np.where(bits, 255, 0).astype(np.uint8)).convert("1", dither=Image.Dither.NONE)
    image.save(tmp_path / name)
    assert np.array_equal(read(tmp_path / name), np.stack([np.where(bits, 255, 0)] * 3, -1))


INKS = [(0, 0, 0, 0), (255, 0, 0, 0), (0, 200, 100, 50), (0, 0, 0, 255)]


@pytest.mark.parametrize(("name", "tolerance"), [("a.tif", 1), ("a.jpg", 4)])
def test_cmyk_inks_darken_white(tmp_path: Path, name: str, tolerance: int) -> None:
    for number, inks in enumerate(INKS):
        path = tmp_path / f"{number}{name}"
        Image.new("CMYK", (16, 16), inks).save(path)
        with Image.open(path) as stored:
            assert stored.mode == "CMYK"
        expected = np.array([(255 - ink) * (255 - inks[3]) / 255 for ink in inks[:3]])
        assert np.abs(read(path) - expected).max() <= tolerance + 0.5


def test_ycbcr_jpeg_has_the_colours_of_the_standard(tmp_path: Path) -> None:
    luma, blue, red = 120, 90, 180
    Image.new("YCbCr", (16, 16), (luma, blue, red)).save(tmp_path / "a.jpg", quality=100)
    expected = [
        luma + 1.402 * (red - 128),
        luma - 0.344136 * (blue - 128) - 0.714136 * (red - 128),
        luma + 1.772 * (blue - 128),
    ]
    assert np.abs(read(tmp_path / "a.jpg") - np.array(expected)).max() <= 3


# --- orientation

STORED = {  # how the camera's sensor saw a picture that is upright after the correction named by the EXIF standard
    1: lambda up: up,
    2: lambda up: up[:, ::-1],
    3: lambda up: up[::-1, ::-1],
    4: lambda up: up[::-1],
    5: lambda up: up.swapaxes(0, 1),
    6: lambda up: np.rot90(up, 1),  # shown by turning 90° clockwise
    7: lambda up: up[::-1, ::-1].swapaxes(0, 1),
    8: lambda up: np.rot90(up, -1),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_upright(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    stored = np.ascontiguousarray(STORED[orientation](smooth()))
    for name, tolerance in (("a.png", 0), ("a.tif", 0), ("a.jpg", 12)):
        path = save(stored, tmp_path / name, exif=exif)
        assert difference(read(path), smooth()) <= tolerance, name
    assert difference(read(tmp_path / "a.jpg", at_least=24), smooth()) <= 12


def test_a_broken_exif_block_does_not_cost_the_picture(tmp_path: Path) -> None:
    save(smooth(), tmp_path / "a.jpg", quality=95, exif=b"Exif\0\0no such thing as a TIFF header")
    assert difference(read(tmp_path / "a.jpg"), smooth()) <= 12


# --- colour profiles

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB whose red primary is the blue one, and the other way round."""
    return SRGB.replace(b"rXYZ", b"tmp!").replace(b"bXYZ", b"rXYZ").replace(b"tmp!", b"bXYZ")


def linear_profile() -> bytes:
    """sRGB's primaries without its curve: every tone curve becomes x ↦ x¹."""
    parts = SRGB.split(b"para")
    assert len(parts) > 1
    linear = [struct.pack(">IHHI", 0, 0, 0, 0x10000) + part[12:] for part in parts[1:]]
    return b"para".join([parts[0], *linear])


@pytest.mark.parametrize("name", ["a.png", "a.tif", "a.webp"])
def test_an_srgb_profile_leaves_pixels(tmp_path: Path, name: str) -> None:
    options = {"lossless": True} if name == "a.webp" else {}
    assert difference(read(save(noise(), tmp_path / name, icc_profile=SRGB, **options)), noise()) <= 1


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_swapped_primaries_swap_red_and_blue(tmp_path: Path, name: str) -> None:
    pixels = read(save(noise(), tmp_path / name, icc_profile=swapped_profile()))
    assert difference(pixels, noise()[..., ::-1]) <= 2


def test_linear_light_is_brightened_by_the_srgb_curve(tmp_path: Path) -> None:
    levels = np.repeat(np.arange(0, 256, 15, dtype=np.uint8)[None, :, None], 3, axis=2)
    light = levels / 255
    curve = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    pixels = read(save(levels, tmp_path / "a.png", icc_profile=linear_profile()))
    assert difference(pixels, np.round(curve * 255)) <= 2


def test_a_profile_holds_below_transparency(tmp_path: Path) -> None:
    Image.new("RGBA", (2, 2), (250, 20, 10, 255)).save(tmp_path / "a.png", icc_profile=swapped_profile())
    assert difference(read(tmp_path / "a.png")[0, 0], np.array([10, 20, 250])) <= 2


def test_a_profile_holds_for_a_palette(tmp_path: Path) -> None:
    image = Image.new("P", (2, 2))
    image.putpalette([250, 20, 10])
    image.save(tmp_path / "a.png", icc_profile=swapped_profile())
    with Image.open(tmp_path / "a.png") as stored:
        assert stored.info["icc_profile"] == swapped_profile()
    assert difference(read(tmp_path / "a.png")[0, 0], np.array([10, 20, 250])) <= 2


def test_a_lab_tiff_becomes_its_colours(tmp_path: Path) -> None:
    """L* 100 is white and L* 0 black by the cube root law; Pillow's 128 is a* or b* of 0, so grey."""
    for lightness in (0, 128, 255):
        Image.new("LAB", (4, 4), (lightness, 128, 128)).save(tmp_path / "a.tif")
        with Image.open(tmp_path / "a.tif") as stored:
            assert stored.mode == "LAB"
        light = ((lightness / 2.55 + 16) / 116) ** 3 if lightness > 21 else lightness / 2.55 / 903.3
        value = 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
        assert np.abs(read(tmp_path / "a.tif").astype(float) - 255 * value).max() <= 3


@pytest.mark.parametrize("profile", [b"not a profile", SRGB[:200]])
def test_a_broken_profile_leaves_pixels(tmp_path: Path, profile: bytes) -> None:
    assert np.array_equal(read(save(noise(), tmp_path / "a.png", icc_profile=profile)), noise())


def test_a_colour_profile_on_grey_leaves_pixels_grey(tmp_path: Path) -> None:
    grey = noise()[..., 0]
    assert np.array_equal(read(save(grey, tmp_path / "a.png", icc_profile=SRGB)), np.stack([grey] * 3, -1))


# --- draft decoding


@pytest.mark.parametrize("at_least", [1, 30, 38, 75, 100, 151, 299, 300, 1000])
@pytest.mark.parametrize("size", [(401, 300), (300, 401), (300, 300)])
def test_draft_decoding_gives_at_least_what_was_asked(tmp_path: Path, at_least: int, size: tuple[int, int]) -> None:
    path = save(smooth(size[1], size[0]), tmp_path / "a.jpg")
    image = read_image(path, at_least=at_least)
    assert min(image.size) >= min(at_least, 300)
    assert abs(image.width / image.height - size[0] / size[1]) < 0.05
    assert np.abs(np.asarray(image).mean((0, 1)) - smooth(size[1], size[0]).mean((0, 1))).max() < 3
    if at_least <= 150:
        assert min(image.size) <= 150  # it did save work


def test_draft_leaves_other_formats_whole(tmp_path: Path) -> None:
    assert np.array_equal(read(save(noise(), tmp_path / "a.png"), at_least=5), noise())


# --- files that cannot be read


def broken_file(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.jpg"
    sound = io.BytesIO()
    Image.fromarray(noise(64, 64)).save(sound, "PNG" if kind == "truncated PNG" else "JPEG")
    if kind.startswith("truncated"):
        path.write_bytes(sound.getvalue()[: len(sound.getvalue()) // 2])
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("<html>404: not found</html>")
    elif kind == "folder":
        path.mkdir()
    return path


@pytest.mark.parametrize("kind", ["truncated", "truncated PNG", "empty", "text", "missing", "folder"])
@pytest.mark.parametrize("at_least", [None, 8])
def test_an_unreadable_file_is_named(tmp_path: Path, kind: str, at_least: int | None) -> None:
    path = broken_file(tmp_path, kind)
    with pytest.raises(DataError, match=r"cannot be read as an image \(.+\)") as caught:
        read_image(path, at_least=at_least)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:9f\nsize 123\n", "type git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "it is a web page; download the picture itself"),
        (b" " * 100, "cannot identify image file"),
    ],
)
def test_what_a_file_is_instead_of_a_picture_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    for read in (read_image, upright_size):
        with pytest.raises(DataError, match=f"cannot be read as an image .*{said}"):
            read(path)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("kind", ["jpg", "png", "webp", "bmp"])
def test_damaged_bytes_never_raise_anything_else(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10_000)  # a damaged size shall not fill the memory here
    rng = np.random.default_rng(0)
    sound = bytearray(save(noise(), tmp_path / f"sound.{kind}").read_bytes())
    refused = 0
    for number in range(60):
        damaged = bytearray(sound)
        for _ in range(4):
            damaged[rng.integers(len(damaged) if number % 2 else 60)] = rng.integers(256)
        (tmp_path / "a").write_bytes(damaged)
        try:
            read_image(tmp_path / "a")
        except DataError:
            refused += 1
    assert refused  # or the damage was none


# --- ranges


def test_all_256_values_survive_the_round_trip() -> None:
    levels = torch.arange(256, dtype=torch.uint8)
    values = to_float(levels)
    assert values.dtype == torch.float32
    assert values[0] == -1 and values[255] == 1
    assert values.tolist() == pytest.approx([2 * level / 255 - 1 for level in range(256)], abs=1e-6)
    assert torch.equal(to_uint8(values), levels)
    assert torch.equal(to_uint8(values.double()), levels)
    assert torch.equal(to_uint8(values.half()), levels)


def test_values_outside_the_range_are_clipped_and_others_rounded() -> None:
    values = torch.tensor(
        [-float("inf"), -1.01, -1.0, 1.0, 1.01, 7.0, float("inf"), -1 + 0.49 / 127.5, -1 + 0.51 / 127.5]
    )
    assert to_uint8(values).tolist() == [0, 0, 0, 255, 255, 255, 255, 0, 1]


def test_pictures_and_tensors_hold_the_same_pixels() -> None:
    tensor = image_to_tensor(Image.fromarray(noise()))
    assert tensor.shape == (3, 20, 30) and tensor.dtype == torch.uint8 and tensor.is_contiguous()
    for y, x in ((0, 0), (19, 29), (3, 17)):
        assert tensor[:, y, x].tolist() == noise()[y, x].tolist()
    assert np.array_equal(np.asarray(tensor_to_image(tensor)), noise())
    assert np.array_equal(np.asarray(tensor_to_image(to_float(tensor))), noise())


# --- writing


def left_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("suffix", sorted(EXTENSIONS))
def test_what_is_written_reads_back(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / "new" / "folder" / f"a.b{suffix}"
    write_image(Image.fromarray(smooth()), path)
    exact = suffix in (".png", ".bmp", ".tif", ".tiff")
    assert difference(read(path), smooth()) <= (0 if exact else 14)
    assert left_in(tmp_path) == [path.name]


def test_jpeg_keeps_the_colour_of_one_pixel_strokes(tmp_path: Path) -> None:
    stripes = np.zeros((32, 32, 3), dtype=np.uint8)
    stripes[:, ::2, 0], stripes[:, 1::2, 2] = 255, 255  # red, blue, red: chroma subsampling would make it purple
    write_image(Image.fromarray(stripes), tmp_path / "a.jpg")
    assert np.abs(read(tmp_path / "a.jpg").astype(int) - stripes).mean() < 12


def test_an_upper_case_extension_is_known(tmp_path: Path) -> None:
    write_image(Image.fromarray(noise()), tmp_path / "a.PNG")
    assert np.array_equal(read(tmp_path / "a.PNG"), noise())


@pytest.mark.parametrize("name", ["a.gif", "a", "a.pngx"])
def test_an_unknown_format_is_refused_with_the_known_ones(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"unknown image format '.*'; use one of \.bmp .*\.jpg \.png") as caught:
        write_image(Image.fromarray(noise()), tmp_path / name)
    assert str(tmp_path / name) in str(caught.value)
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("inside", ["taken/a.png", "taken/deeper/a.png"])
def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, inside: str) -> None:
    (tmp_path / "taken").write_text("a file, so no folder")
    with pytest.raises(DataError, match=r"cannot be written \(.+\); choose another output="):
        write_image(Image.fromarray(noise()), tmp_path / inside)


def test_a_folder_in_the_place_of_the_result_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.png").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        write_image(Image.fromarray(noise()), tmp_path / "a.png")
    assert left_in(tmp_path) == []


class FullDisk(Image.Image):
    """Writes half a file and then finds the disk full."""

    def save(self, fp: Any, format: str | None = None, **params: Any) -> None:
        Path(fp).write_bytes(b"half a picture")
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_leaves_the_old_file_and_no_half_one(tmp_path: Path) -> None:
    write_image(Image.fromarray(noise()), tmp_path / "a.png")
    with pytest.raises(DataError, match="No space left on device"):
        write_image(FullDisk(), tmp_path / "a.png")
    assert left_in(tmp_path) == ["a.png"]
    assert np.array_equal(read(tmp_path / "a.png"), noise())


def test_a_picture_too_large_for_its_format_is_a_data_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be written"):
        write_image(Image.new("RGB", (16_384, 1)), tmp_path / "a.webp")
    assert left_in(tmp_path) == []


# --- EXIF


def photograph_exif(orientation: int | None) -> Image.Exif:
    exif = Image.Exif()
    exif[ARTIST] = "Jo"
    exif.get_ifd(EXIF_IFD)[DATE_TAKEN] = "2020:01:01 00:00:00"
    exif.get_ifd(GPS_IFD)[1] = "N"
    if orientation is not None:
        exif[ORIENTATION] = orientation
    return exif


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize("orientation", [None, 1, 6])
def test_upright_exif_drops_the_orientation_alone(tmp_path: Path, name: str, orientation: int | None) -> None:
    block = upright_exif(save(smooth(), tmp_path / name, exif=photograph_exif(orientation).tobytes()))
    assert block is not None
    exif = Image.Exif()
    exif.load(block)
    assert ORIENTATION not in exif
    assert exif[ARTIST] == "Jo"
    assert exif.get_ifd(EXIF_IFD)[DATE_TAKEN] == "2020:01:01 00:00:00"
    assert exif.get_ifd(GPS_IFD)[1] == "N"


@pytest.mark.parametrize("part", [EXIF_IFD, GPS_IFD])
def test_a_nested_block_alone_is_kept(tmp_path: Path, part: int) -> None:
    """A picture may say when or where it was taken and nothing else."""
    only = Image.Exif()
    tag, value = (DATE_TAKEN, "2020:01:01 00:00:00") if part == EXIF_IFD else (1, "N")
    only.get_ifd(part)[tag] = value
    block = upright_exif(save(smooth(), tmp_path / "a.jpg", exif=only.tobytes()))
    assert block is not None
    exif = Image.Exif()
    exif.load(block)
    assert exif.get_ifd(part)[tag] == value


def test_no_exif_is_none(tmp_path: Path) -> None:
    only = Image.Exif()
    only[ORIENTATION] = 6
    (tmp_path / "a.txt").write_text("no image")
    assert upright_exif(save(smooth(), tmp_path / "a.jpg")) is None
    assert upright_exif(save(smooth(), tmp_path / "b.jpg", exif=only)) is None
    assert upright_exif(tmp_path / "a.txt") is None
    assert upright_exif(tmp_path / "missing.jpg") is None


@pytest.mark.parametrize("source", ["s.jpg", "s.png", "raw s.tif", "lzw s.tif"])
@pytest.mark.parametrize("result", ["r.jpg", "r.png", "r.webp", "r.tif"])
def test_a_result_with_the_photographs_exif_is_the_same_picture(tmp_path: Path, source: str, result: str) -> None:
    exif, options = photograph_exif(6), {}
    if source.startswith("lzw"):
        options = {"compression": "tiff_lzw"}
        exif = Image.Exif()  # libtiff writes no nested blocks
        exif[ARTIST], exif[ORIENTATION] = "Jo", 6
    original = save(smooth(), tmp_path / source, exif=exif.tobytes(), **options)
    picture = read_image(original)
    write_image(picture, tmp_path / result, exif=upright_exif(original))
    assert picture.size == (24, 40)  # turned
    assert difference(read(tmp_path / result), np.asarray(picture)) <= (0 if result in ("r.png", "r.tif") else 20)
    with Image.open(tmp_path / result) as written:
        assert written.getexif()[ARTIST] == "Jo"


# --- grid


@pytest.mark.parametrize("gap", [0, 1, 4])
def test_grid_puts_each_image_at_its_place_on_white(gap: int) -> None:
    height, width = 5, 7
    colours = [[10, 60, 110], [160, 210]]  # the second row is shorter
    rows = [[to_float(torch.full((3, height, width), level, dtype=torch.uint8)) for level in row] for row in colours]
    sheet = np.asarray(grid(rows, gap=gap))
    assert sheet.shape == (2 * height + 3 * gap, 3 * width + 4 * gap, 3)
    expected = np.full(sheet.shape, 255)
    for y, row in enumerate(colours):
        for x, level in enumerate(row):
            top, left = gap + y * (height + gap), gap + x * (width + gap)
            expected[top : top + height, left : left + width] = level
    assert np.array_equal(sheet, expected)


# --- limits


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_upright_size_is_known_from_the_header(tmp_path: Path, orientation: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    path = save(noise(), tmp_path / "a.jpg", exif=exif)
    assert upright_size(path) == read_image(path).size
    with pytest.raises(DataError, match="cannot be read as an image"):
        upright_size(tmp_path / "missing.jpg")


def test_a_picture_larger_than_allowed_is_refused_and_the_limit_is_put_back(tmp_path: Path) -> None:
    path, before = save(noise(100, 100), tmp_path / "a.png"), Image.MAX_IMAGE_PIXELS
    with pixel_limit(0.01):
        assert read_image(path).size == (100, 100)
    with pixel_limit(0.009), pytest.raises(DataError, match=r"of at most 0; type max_megapixels=1 if you trust it"):
        read_image(path)
    with pixel_limit(0.009), pytest.raises(DataError, match=r"of at most 0; type max_megapixels=1 if you trust it"):
        upright_size(path)
    assert before == Image.MAX_IMAGE_PIXELS


@pytest.mark.parametrize("read", [read_image, upright_size])
def test_an_option_is_advised_only_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read) -> None:
    path = save(noise(100, 100), tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # as in training, which has no max_megapixels=
    with pytest.raises(DataError, match=r"a\.png: 0 megapixels, of at most 0; make it smaller$"):
        read(path)


@pytest.mark.parametrize("name", ["a.gif", "a.webp", "a.png", "a.tif"])
def test_several_frames_are_refused_where_one_is_meant(tmp_path: Path, name: str) -> None:
    frames = [Image.fromarray(np.roll(noise(), shift)) for shift in range(3)]
    frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
    assert read_image(tmp_path / name).size == (30, 20)
    with pytest.raises(DataError, match="3 pictures in one file"):
        read_image(tmp_path / name, one_frame=True)


def test_formats_are_asked_what_they_hold() -> None:
    check_result(Path("a.png"), 10**6, 1)
    check_result(Path("a.jpg"), 65500, 1)
    for name in ("a.jpg", "a.JPEG", "a.webp"):
        with pytest.raises(DataError, match="type image_format=png"):
            check_result(Path(name), 1, 65501)


@pytest.mark.parametrize("name", ["n" * 251 + ".png", "é" * 125 + "x.png", ("n" * 240) + ".jpeg"])
def test_a_name_as_long_as_the_disk_holds_is_written(tmp_path: Path, name: str) -> None:
    check_result(tmp_path / "new" / name, 30, 20)
    write_image(Image.fromarray(noise()), tmp_path / "new" / name)
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


@pytest.mark.parametrize("name", ["n" * 252 + ".png", "é" * 126 + ".png", "n" * 300 + "/a.png"])
def test_a_longer_name_is_refused_before_anything_is_painted(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"a name of \d+ bytes, and .* holds 255; give the picture a shorter one"):
        check_result(tmp_path / "new" / name, 30, 20)
    assert not (tmp_path / "new").exists()


def test_a_folder_that_cannot_be_is_refused_before_anything_is_painted(tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    with pytest.raises(DataError, match="a file is no folder that can be written to; choose another output="):
        check_result(tmp_path / "a file" / "a.png", 30, 20)


@pytest.mark.parametrize("read_it", [read_image, upright_size])
def test_a_named_pipe_is_told_not_waited_for(tmp_path: Path, read_it) -> None:
    os.mkfifo(tmp_path / "x.jpg")
    with pytest.raises(DataError, match=r"x\.jpg: is a named pipe, not an image file; remove it"):
        read_it(tmp_path / "x.jpg")


def test_an_exif_block_too_long_for_a_jpeg_is_left_out(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[ARTIST] = "x" * 70000
    write_image(Image.fromarray(noise()), tmp_path / "a.jpg", exif=exif.tobytes())
    assert read(tmp_path / "a.jpg").shape == (20, 30, 3)


def test_premultiplied_grey_is_shown_as_any_other_grey(tmp_path: Path) -> None:
    grey = Image.new("LA", (2, 1), (100, 255))
    grey.putpixel((1, 0), (100, 0))
    assert list(to_srgb(grey.convert("La")).getdata()) == [(100, 100, 100), (255, 255, 255)]
