"""What `stylize` is told on the command line, as files show it."""

import logging
from pathlib import Path

import numpy as np
import pytest
from images_on_disk import write_images
from PIL import Image
from test_stylize_odd_files import checkpoint, noise, stylize  # noqa: F401 (a fixture)

from stylegan_pl.errors import UserError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Four of 40 pixels."""
    write_images(tmp_path / "photos", 4, size=40)
    return tmp_path / "photos"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).astype(int)


def test_the_file_that_is_written_is_the_one_that_is_said(checkpoint, photos, tmp_path, caplog):  # noqa: F811
    with caplog.at_level(logging.INFO):
        assert stylize(checkpoint, photos / "001.png", tmp_path / "a.jpg", "image_format=bmp") == 0
    assert f"1 of 1 pictures painted -> {tmp_path / 'a.bmp'}" in caplog.text and (tmp_path / "a.bmp").is_file()


def test_resume_paints_the_rest_counts_what_is_there_and_touches_nothing(checkpoint, photos, tmp_path, caplog):  # noqa: F811
    out = tmp_path / "out"
    assert stylize(checkpoint, photos, out) == 0
    first = pixels(out / "001.png")
    (out / "001.png").unlink()
    Image.fromarray(np.full((40, 40, 3), 7, np.uint8)).save(out / "002.png")  # somebody's own, and whole
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in out.iterdir()}
    with pytest.raises(UserError, match="is there already"):
        stylize(checkpoint, photos, out)
    with caplog.at_level(logging.INFO):
        assert stylize(checkpoint, photos, out, "resume=true") == 0
    assert "1 of 4 pictures painted, 3 were already there" in caplog.text
    assert np.array_equal(pixels(out / "001.png"), first)
    for name, state in before.items():
        assert ((out / name).read_bytes(), (out / name).stat().st_mtime_ns) == state
    caplog.clear()
    with caplog.at_level(logging.INFO):
        assert stylize(checkpoint, photos, out, "resume=true") == 0
    assert "0 of 4 pictures painted, 4 were already there" in caplog.text


def test_resume_names_results_that_are_not_whole_and_leaves_them(checkpoint, photos, tmp_path, caplog):  # noqa: F811
    out = tmp_path / "out"
    out.mkdir()
    whole = (photos / "000.png").read_bytes()
    (out / "000.png").write_bytes(whole[: len(whole) // 2])
    noise(20, 40).save(out / "001.png")  # another size
    (out / "002.png").touch()
    assert stylize(checkpoint, photos, out, "resume=true") == 1
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert len(lines) == 3 and all("is not a complete picture with the size of" in line for line in lines)
    assert (out / "002.png").read_bytes() == b"" and (out / "003.png").exists()


def test_resume_knows_the_size_of_a_turned_photograph(checkpoint, tmp_path):  # noqa: F811
    (tmp_path / "in").mkdir()
    exif = Image.Exif()
    exif[0x0112] = 6
    noise(20, 30).save(tmp_path / "in/a.jpg", exif=exif)
    assert stylize(checkpoint, tmp_path / "in", tmp_path / "out") == 0
    assert pixels(tmp_path / "out/a.jpg").shape == (30, 20, 3)
    assert stylize(checkpoint, tmp_path / "in", tmp_path / "out", "resume=true") == 0


def test_strength_moves_every_picture_away_from_its_photograph(checkpoint, photos, tmp_path):  # noqa: F811
    distances = []
    for number, strength in enumerate((0, 0.25, 0.5, 0.75, 1)):
        out = tmp_path / str(number)
        assert stylize(checkpoint, photos, out, f"strength={strength}", "batch_size=2") == 0
        distances.append(np.mean([np.abs(pixels(out / p.name) - pixels(p)).mean() for p in photos.iterdir()]))
    assert distances[0] == 0 and all(np.diff(distances) > 1), distances
    assert np.allclose(distances, np.array([0, 0.25, 0.5, 0.75, 1]) * distances[-1], atol=0.3)  # roundings


def test_quality_is_the_files(checkpoint, photos, tmp_path):  # noqa: F811
    sizes = []
    for quality in (10, 50, 95):
        out = tmp_path / str(quality)
        assert stylize(checkpoint, photos, out, "image_format=jpg", f"quality={quality}") == 0
        sizes.append((out / "000.jpg").stat().st_size)
    assert sizes == sorted(sizes) and sizes[0] < sizes[-1] / 2
    with pytest.raises(UserError, match="quality=101 must be between 1 and 100"):
        stylize(checkpoint, photos, tmp_path / "none", "quality=101")


def test_masks_by_name_and_the_ones_that_miss(checkpoint, photos, tmp_path, caplog):  # noqa: F811
    masks = tmp_path / "masks"
    masks.mkdir()
    half = np.zeros((40, 40), np.uint8)
    half[:20] = 255
    Image.fromarray(half).save(masks / "000.png")
    Image.new("L", (40, 40), 0).save(masks / "001.webp")
    assert stylize(checkpoint, photos, tmp_path / "out", f"mask={masks}", "batch_size=4") == 1
    assert sum("no mask of that name" in record.getMessage() for record in caplog.records) == 2
    photo, painted = pixels(photos / "000.png"), pixels(tmp_path / "out/000.png")
    assert np.array_equal(photo[20:], painted[20:]) and np.abs(photo[:20] - painted[:20]).mean() > 5
    assert np.array_equal(pixels(photos / "001.png"), pixels(tmp_path / "out/001.png"))


def test_a_pattern_through_the_verb(checkpoint, photos, tmp_path):  # noqa: F811
    assert stylize(checkpoint, f"{photos}/00[12].png", tmp_path / "out") == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["001.png", "002.png"]


def test_tiles_through_the_verb(checkpoint, tmp_path):  # noqa: F811
    (tmp_path / "in").mkdir()
    noise(20, 25).resize((250, 200), Image.Resampling.BICUBIC).save(tmp_path / "in/a.png")
    assert stylize(checkpoint, tmp_path / "in", tmp_path / "whole", "tile=null") == 0
    assert stylize(checkpoint, tmp_path / "in", tmp_path / "exact", "tile=192", "tile_exact=true") == 0
    assert stylize(checkpoint, tmp_path / "in", tmp_path / "tiled", "tile=192", "keep_colour=coral") == 0
    assert np.abs(pixels(tmp_path / "whole/a.png") - pixels(tmp_path / "exact/a.png")).max() <= 1


def test_more_pixels_may_be_allowed_and_fewer(checkpoint, photos, tmp_path, caplog):  # noqa: F811
    assert stylize(checkpoint, photos, tmp_path / "out", "max_megapixels=0.001") == 1
    assert "type max_megapixels=1 if you trust it" in caplog.text
    assert stylize(checkpoint, photos, tmp_path / "out", "max_megapixels=0.0016") == 0
