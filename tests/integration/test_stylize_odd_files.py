"""A folder of 200 odd files: each is painted right or refused in one line, and the rest goes on."""

import io
import logging
import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import compose_config
from PIL import Image

from stylegan_pl.pictures.read import read_image
from stylegan_pl.stylize import stylize as verb

RNG = np.random.default_rng(0)
FORMATS = {".jpg": "JPEG", ".png": "PNG", ".webp": "WEBP", ".tif": "TIFF", ".bmp": "BMP"}


def noise(height: int, width: int) -> Image.Image:
    return Image.fromarray(RNG.integers(0, 256, (height, width, 3), dtype=np.uint8))


def encoded(image: Image.Image, suffix: str = ".png", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, FORMATS.get(suffix, suffix), **options)
    return file.getvalue()


def bomb(width: int = 30000, height: int = 30000) -> bytes:
    """A PNG of a few bytes that claims to be huge."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (header, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + struct.pack(">I", 0) + b"IEND" + struct.pack(">I", 0xAE426082)


def sound_files() -> dict[str, bytes]:
    """Name -> bytes that every viewer shows."""
    files: dict[str, bytes] = {}
    sizes = [(1, 1), (1, 2), (2, 1), (3, 3), (1, 700), (700, 1), (5, 300), (15, 17), (16, 16), (33, 64), (37, 51)]
    for height, width in sizes:
        for suffix in FORMATS:
            files[f"size {height}x{width}{suffix}"] = encoded(noise(height, width), suffix)
    picture = noise(20, 26)
    for mode in ("L", "P", "1", "RGBA", "LA", "CMYK", "I", "I;16", "YCbCr", "LAB", "F", "HSV"):
        for suffix in FORMATS:
            try:
                if mode in ("I;16", "I", "F"):
                    wide = np.asarray(picture.convert("L")).astype(
                        {"I;16": "uint16", "I": "int32", "F": "float32"}[mode]
                    )
                    files[f"mode {mode}{suffix}"] = encoded(Image.fromarray(wide), suffix)
                else:
                    files[f"mode {mode}{suffix}"] = encoded(picture.convert(mode), suffix)
            except (OSError, ValueError, KeyError):
                continue  # Pillow does not write this mode in this format
    files["mode YCbCr.tif"] = encoded(picture.convert("YCbCr"), ".tif", compression="tiff_lzw")
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        files[f"turned {orientation}.jpg"] = encoded(picture, ".jpg", exif=exif)
    for number, name in enumerate(
        ["été.jpg", "写真.png", "naïve café 🎨.webp", "a b  c.tif", "-dash.png", "50%.bmp", "x=1,y.png"]
    ):
        files[f"names/{number}/{name}"] = encoded(picture, Path(name).suffix)
    files["UPPER.JPG"] = files["really a png.jpg"] = encoded(picture)
    files["progressive.jpg"] = encoded(noise(40, 40), ".jpg", progressive=True)
    files["grey alpha.png"] = encoded(picture.convert("LA"))
    files["transparent colour.png"] = encoded(picture, ".png", transparency=(1, 2, 3))
    files["one frame.gif"] = encoded(picture, "GIF")
    files["lzw.tif"] = encoded(picture, ".tif", compression="tiff_lzw")
    files["long exif.jpg"] = encoded(picture, ".jpg", exif=b"Exif\0\0" + RNG.bytes(60000))
    files["broken exif.jpg"] = encoded(picture, ".jpg", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + RNG.bytes(200))
    files["broken profile.png"] = encoded(picture, ".png", icc_profile=RNG.bytes(300))
    return files


def bad_files() -> dict[str, bytes]:
    """Name -> bytes that are no picture, or not one."""
    picture = noise(60, 60)
    frames = [noise(20, 20) for _ in range(3)]
    more = {"save_all": True, "append_images": frames[1:]}
    files = {
        "empty.jpg": b"",
        "empty.png": b"",
        "zeros.bmp": bytes(1000),
        "a renamed pdf.jpg": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF\n",
        "a renamed zip.png": b"PK\x03\x04" + bytes(60),
        "text.webp": "nur Text, täglich".encode(),
        "page.jpg": b"<!DOCTYPE html><html>404</html>",
        "bomb.png": bomb(),
        "wide bomb.png": bomb(2**31 - 1, 1),
        "animated.gif": encoded(frames[0], "GIF", **more),
        "animated.webp": encoded(frames[0], ".webp", **more),
        "animated.png": encoded(frames[0], ".png", **more),
        "pages.tif": encoded(frames[0], ".tif", **more),
    }
    for suffix in FORMATS:
        whole = encoded(picture, suffix)
        for percent in (1, 10, 50, 90):
            files[f"cut at {percent}{suffix}"] = whole[: len(whole) * percent // 100]
        files[f"noise{suffix}"] = RNG.bytes(500)
        files[f"noise behind its head{suffix}"] = whole[:12] + RNG.bytes(500)
    return files


def damaged_files() -> dict[str, bytes]:
    """Pictures with bytes changed, and one beyond some decoders: it may be read or not, but must not bring us down."""
    # which Pillow reads from 13 on
    files = {"uncompressed YCbCr.tif": encoded(noise(20, 26).convert("YCbCr"), ".tif")}
    for suffix in (".jpg", ".png", ".webp", ".tif", ".bmp"):
        whole = bytearray(encoded(noise(30, 30), suffix))
        for number in range(10):
            broken = bytearray(whole)
            for place in RNG.integers(0, min(len(whole), 200 if number % 2 else len(whole)), 4):
                broken[place] = RNG.integers(256)
            files[f"damaged {number}{suffix}"] = bytes(broken)
    return files


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator of a few thousand weights."""
    from stylegan_pl.generators.mobile import MobileGenerator

    torch.manual_seed(0)
    generator = MobileGenerator(blocks=1, width=16)
    node = {"_target_": "stylegan_pl.generators.mobile.MobileGenerator", "blocks": 1, "width": 16}
    path = tmp_path_factory.mktemp("model") / "model.ckpt"
    state = {f"generator.{name}": value for name, value in generator.state_dict().items()}
    torch.save({"config": {"model": {"generator": node}}, "state_dict": state}, path)
    return path


def stylize(checkpoint: Path, source: Path, output: Path, *typed: str) -> int:
    """The composed verb."""
    from omegaconf import OmegaConf

    config = compose_config("stylize", [f"ckpt={checkpoint}", f"output={output}", "device=cpu", "input=x", *typed])
    OmegaConf.update(config, "input", str(source))
    return verb(config)


def test_every_odd_file_is_painted_or_refused_in_a_line(checkpoint, tmp_path, caplog, monkeypatch):
    source, output = tmp_path / "in", tmp_path / "out"
    sound, bad, damaged = sound_files(), bad_files(), damaged_files()
    for name, content in {**sound, **bad, **damaged}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    (source / "loop").symlink_to(source)
    (source / "self.jpg").symlink_to("self.jpg")
    (source / "dangling.png").symlink_to("nowhere.png")
    (source / "locked.png").write_bytes(encoded(noise(9, 9)))
    (source / "folder.jpg").mkdir()
    (source / "notes.txt").write_text("no picture")
    links = {"self.jpg", "dangling.png", "locked.png"}
    assert len(sound) + len(bad) + len(damaged) + len(links) >= 200
    real = Image.open

    def locked(path, *rest):  # root may read everything
        if Path(str(path)).name == "locked.png":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *rest)

    monkeypatch.setattr(Image, "open", locked)
    with caplog.at_level(logging.INFO):
        assert stylize(checkpoint, source, output) == 1

    painted = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    for name in sound:
        result = f"{name}.png" if name.endswith(".gif") else name
        assert result in painted, name
        width, height = read_image(source / name).size
        with real(output / result) as image:
            assert image.size == (width, height), name
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    for name in [*bad, *links]:
        told = [line for line in lines if line.startswith(f"skipped: {source / name}:")]
        assert len(told) == 1, (name, told)
        assert name not in painted
    assert all("\n" not in line for line in lines)
    for name in damaged:
        told = [line for line in lines if line.startswith(f"skipped: {source / name}:")]
        assert len(told) + (name in painted) == 1, name
    assert len(painted) + len(lines) == len(sound) + len(bad) + len(damaged) + len(links)
    assert not [name for name in painted if "partial" in name]
    assert any("900 megapixels, of at most 179; type max_megapixels=900" in line for line in lines)
    assert "216 files is not a readable image: 1 txt" in caplog.records[0].getMessage()  # before it begins
    for name, content in {**sound, **bad, **damaged}.items():
        assert (source / name).read_bytes() == content, name


def test_named_pipes_are_skipped_and_long_names_kept(checkpoint, tmp_path, caplog):
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    os.mkfifo(source / "x.jpg")
    longest, too_long = "n" * 247 + ".png", "n" * 251 + ".gif"  # a GIF becomes NAME.gif.png
    noise(9, 9).save(source / longest)
    (source / too_long).write_bytes(encoded(noise(9, 9), "GIF"))
    with caplog.at_level(logging.INFO):
        assert stylize(checkpoint, source, output) == 1
    assert [path.name for path in output.iterdir()] == [longest]
    assert f"skipped: {source / 'x.jpg'}: is a named pipe, not an image file; remove it" in caplog.text
    assert "a name of 259 bytes" in caplog.text
    assert "1 of 3 pictures painted" in caplog.text


def test_a_picture_that_its_format_cannot_hold_is_refused_before_it_is_painted(checkpoint, tmp_path, caplog):
    (tmp_path / "in").mkdir()
    Image.new("RGB", (16400, 2)).save(tmp_path / "in/long.png")
    with caplog.at_level(logging.INFO):
        assert stylize(checkpoint, tmp_path / "in", tmp_path / "out", "image_format=webp") == 1
    assert "16400×2 pixels, and .webp holds 16383 a side; type image_format=png" in caplog.text
