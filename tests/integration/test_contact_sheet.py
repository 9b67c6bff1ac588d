"""`stylize sheet=true`: each photograph in each style, found again on the sheet."""

from pathlib import Path

import numpy as np
import pytest
from conftest import compose_config
from images_on_disk import write_images
from PIL import Image
from test_stylize_odd_files import checkpoint  # noqa: F401 (a fixture)

from stylegan_pl import Stylizer
from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.stylize import stylize
from stylegan_pl.stylizing.contact_sheet import contact_sheet, in_cell


def call(ckpts: list[Path], source: object, output: Path, *typed: str) -> int:
    config = compose_config("stylize", ["ckpt=x", "device=cpu", "input=x", f"output={output}", "sheet=true", *typed])
    config.ckpt, config.input = [str(path) for path in ckpts], str(source)
    return stylize(config)


def holds(sheet: Image.Image, picture: Image.Image) -> bool:
    """Whether the sheet has the picture, pixel for pixel, anywhere."""
    wanted, pixels = np.asarray(picture.convert("RGB")), np.asarray(sheet)
    windows = np.lib.stride_tricks.sliding_window_view(pixels[..., 0], wanted.shape[:2])
    for y, x in np.argwhere((windows == wanted[..., 0]).all(axis=(2, 3))):
        if np.array_equal(pixels[y : y + wanted.shape[0], x : x + wanted.shape[1]], wanted):
            return True
    return False


def test_every_photograph_stands_beside_its_paintings(checkpoint, tmp_path):  # noqa: F811
    write_images(tmp_path / "photos", 2, size=48)
    other = tmp_path / "other.ckpt"
    other.write_bytes(checkpoint.read_bytes())
    output = tmp_path / "sheet.png"
    assert call([checkpoint, other], tmp_path / "photos", output, "sheet_size=32") == 0
    paint = Stylizer.load(checkpoint, device="cpu")
    with Image.open(output) as sheet:
        assert sheet.size[0] == 3 * (32 + 8) + 8
        for path in sorted((tmp_path / "photos").iterdir()):
            photograph = in_cell(Image.open(path).convert("RGB"), 32)
            assert photograph.size == (32, 32)
            assert holds(sheet, photograph) and holds(sheet, paint(photograph))


def test_one_photograph_is_broken_into_lines_and_cells_do_not_overlap():
    cells = [Image.new("RGB", (20, 10), (40 * number, 0, 90)) for number in range(5)]
    sheet = contact_sheet([cells], ["photograph", *"abcd"], cell=20)
    assert sheet.width == 3 * (20 + 8) + 8  # five cells: three across
    assert all(holds(sheet, cell) for cell in cells)


def test_a_long_name_keeps_its_end():
    narrow = contact_sheet([[Image.new("RGB", (60, 10))]], ["a/very/long/name/of/a/run/seed=3"], cell=60)
    wide = contact_sheet([[Image.new("RGB", (600, 10))]], ["a/very/long/name/of/a/run/seed=3"], cell=600)
    drawn = [(np.asarray(sheet)[:28] < 128).any(axis=(0, 2)).nonzero()[0] for sheet in (narrow, wide)]
    assert drawn[0].max() <= 8 + 60 and drawn[1].max() > 8 + 120


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["mask=m.png"], "mask= does not work with sheet=true"),
        (["sheet_size=3"], "sheet_size=3 must be at least 16 pixels"),
        (["output=sheet.mp4"], "a sheet is one picture; type output=sheet.jpg"),
    ],
)
def test_what_does_not_go_with_a_sheet(checkpoint, tmp_path, typed, said):  # noqa: F811
    write_images(tmp_path / "photos", 1, size=48)
    with pytest.raises(UserError, match=said):
        call([checkpoint], tmp_path / "photos", tmp_path / "sheet.png", *typed)


def test_nothing_is_overwritten_and_several_generators_ask_for_a_sheet(checkpoint, tmp_path):  # noqa: F811
    write_images(tmp_path / "photos", 1, size=48)
    photo = tmp_path / "photos/000.png"
    before = photo.read_bytes()
    with pytest.raises(UserError, match="is there already"):
        call([checkpoint], photo, photo)
    with pytest.raises(UserError, match="is an input"):
        call([checkpoint], photo, photo, "overwrite=true")
    with pytest.raises(ConfigError, match="type sheet=true, or one of them"):
        call([checkpoint, checkpoint], photo, tmp_path / "out.png", "sheet=false")
    assert photo.read_bytes() == before


def test_a_file_that_cannot_be_read_is_left_out_and_told(checkpoint, tmp_path, caplog):  # noqa: F811
    write_images(tmp_path / "photos", 2, size=48)
    (tmp_path / "photos/000.png").write_bytes(b"no picture")
    assert call([checkpoint], tmp_path / "photos", tmp_path / "sheet.png") == 1
    assert "000.png: cannot be read" in caplog.text and (tmp_path / "sheet.png").exists()


def test_names_that_differ_by_their_ending_alone_both_have_a_row(checkpoint, tmp_path):  # noqa: F811
    write_images(tmp_path / "photos", 1, size=48)
    with Image.open(tmp_path / "photos/000.png") as image:
        image.convert("RGB").save(tmp_path / "photos/000.jpg")
    assert call([checkpoint], tmp_path / "photos", tmp_path / "sheet.png", "sheet_size=32") == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.height >= 2 * 32


@pytest.mark.slow  # an export to ONNX
def test_exported_files_make_a_sheet_too(checkpoint, tmp_path):  # noqa: F811
    pytest.importorskip("onnxruntime")
    from preloaded import preloaded

    exported = tmp_path / "picture.onnx"
    done = preloaded("stylegan_pl.export", f"ckpt={checkpoint}", f"output={exported}", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    write_images(tmp_path / "photos", 1, size=48)
    config = compose_config("stylize", ["device=cpu", "input=x", f"output={tmp_path / 'sheet.png'}", "sheet=true"])
    config.onnx, config.input = str(exported), str(tmp_path / "photos")
    assert stylize(config) == 0
    photograph = in_cell(Image.open(tmp_path / "photos/000.png").convert("RGB"), 256)
    painted = np.asarray(Stylizer.load(checkpoint, device="cpu")(photograph)).astype(int)
    with Image.open(tmp_path / "sheet.png") as sheet:  # one row of two: the painting is on the right
        right = np.asarray(sheet).astype(int)[8 + 22 : 8 + 22 + 48, 8 + 264 + (256 - 48) // 2 :][:, :48]
    assert np.abs(right - painted).max() <= 2


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("precision=bf16", r"precision= works with ckpt=, not with model="),
        ("ckpt=run", r"ckpt= \(or painter=\) and model= name two generators"),
    ],
)
def test_a_sheet_of_an_exported_file_ignores_no_option(tmp_path, typed, message):
    write_images(tmp_path / "photos", 1, size=48)
    config = compose_config("stylize", ["input=x", f"output={tmp_path / 'sheet.png'}", "sheet=true", typed])
    config.onnx, config.input = "picture.onnx", str(tmp_path / "photos")
    with pytest.raises(ConfigError, match=message):
        stylize(config)


def test_what_is_named_twice_stands_there_twice(checkpoint, tmp_path):  # noqa: F811
    write_images(tmp_path / "photos", 2, size=48)
    output = tmp_path / "sheet.png"
    assert call([checkpoint, checkpoint], tmp_path / "photos", output, "sheet_size=32") == 0
    with Image.open(output) as sheet:
        assert sheet.width == 3 * (32 + 8) + 8
