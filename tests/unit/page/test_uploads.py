"""An upload becomes, pixel by pixel, what `stylize` makes of the same file; what is shown fits a screen."""

import numpy as np
import pytest
from conftest import compose_config
from omegaconf import OmegaConf
from PIL import Image
from unit.page.example import noise, studio, write_checkpoints, write_uploads

from stylegan_pl.errors import DataError, UserError
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.page.painters import PaintOptions
from stylegan_pl.page.pictures import SCREEN
from stylegan_pl.pictures.read import pixel_limit
from stylegan_pl.stylizing.pictures import paint

UPLOADS = ["turned.jpg", "wide.png", "cmyk.tif", "clear.png", "tile.bmp"]
VANGOGH = PaintOptions("vangogh/2026-11-23")


@pytest.fixture(scope="module")
def ckpt(tmp_path_factory):
    return write_checkpoints(tmp_path_factory.mktemp("ckpts"))[0]


@pytest.fixture(scope="module")
def uploads(tmp_path_factory):
    return write_uploads(tmp_path_factory.mktemp("uploads"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "page").mkdir()
    return tmp_path / "page"


def stylized(ckpt, source, output, *typed):
    config = compose_config("stylize", ["ckpt=x", "input=x", "output=x", "device=cpu", *typed])
    OmegaConf.update(config, "ckpt", str(ckpt))
    OmegaConf.update(config, "input", str(source))
    OmegaConf.update(config, "output", str(output))
    assert paint(config) == 0
    return Image.open(output)


@pytest.mark.parametrize("name", UPLOADS)
def test_the_pixels_and_the_facts_of_stylize(ckpt, uploads, folder, tmp_path, name):
    done = studio(folder, ckpt).picture(str(uploads[name]), VANGOGH, "me")
    expected = stylized(ckpt, uploads[name], tmp_path / "result.png")
    with Image.open(done.result) as painted:
        assert painted.format == "PNG" and painted.size == expected.size
        assert np.array_equal(np.asarray(painted), np.asarray(expected))
        assert dict(painted.getexif()) == dict(expected.getexif())
    assert done.result.name == f"{uploads[name].stem}-painted.png"
    for shown in (done.photograph, done.painting):
        with Image.open(shown) as image:
            assert image.size == expected.size and image.mode == "RGB"


def test_a_large_picture_is_cut_as_stylize_cuts_it(ckpt, uploads, folder, tmp_path):
    shares = []
    tiled = studio(folder, ckpt, tiling=Tiling(64))
    done = tiled.picture(str(uploads["tile.bmp"]), VANGOGH, "me", shares.append)
    expected = stylized(ckpt, uploads["tile.bmp"], tmp_path / "result.png", "tile=64")
    assert np.array_equal(np.asarray(Image.open(done.result)), np.asarray(expected))
    assert shares == sorted(shares) and len(shares) > 4 and shares[-1] == pytest.approx(1)


def test_what_is_shown_is_upright_and_fits_a_screen(ckpt, uploads, folder, tmp_path):
    here = studio(folder, ckpt)
    assert Image.open(here.preview(str(uploads["turned.jpg"]))).size == (34, 50)
    Image.fromarray(noise(30, 2 * SCREEN)).save(tmp_path / "long.png")
    done = here.picture(str(tmp_path / "long.png"), VANGOGH, "me")
    assert Image.open(done.painting).size == Image.open(done.photograph).size == (SCREEN, 15)
    assert Image.open(done.result).size == (2 * SCREEN, 30)


@pytest.mark.parametrize("action", ["preview", "picture"])
def test_an_upload_that_is_no_picture(ckpt, folder, action):
    here = studio(folder, ckpt)
    ask = {"preview": here.preview, "picture": lambda upload: here.picture(upload, VANGOGH, "me")}[action]
    upload = folder / "0f3a/a broken picture.jpg"
    upload.parent.mkdir()
    upload.write_bytes(b"%PDF-1.4")
    with pytest.raises(DataError) as refused:
        ask(str(upload))
    assert here.without_folders(str(refused.value)).startswith("a broken picture.jpg: cannot be read as an image")
    Image.fromarray(noise(1100, 1000)).save(folder / "0f3a/large.png")
    with pixel_limit(1), pytest.raises(DataError, match="of at most 1"):
        ask(str(folder / "0f3a/large.png"))
    with pytest.raises(UserError, match="drop a picture first"):
        ask(None)
    with pytest.raises(UserError, match=r"^gone\.png has been deleted here meanwhile"):
        ask(str(folder / "gone.png"))


def test_who_has_left_keeps_nobody_waiting(ckpt, uploads, folder):
    here = studio(folder, ckpt, tiling=Tiling(64))
    upload, shares = str(uploads["tile.bmp"]), []

    def report(share: float) -> None:
        shares.append(share)
        if share > 0:
            here.stops.ask("me")

    with pytest.raises(UserError, match="stopped"):
        here.picture(upload, VANGOGH, "me", report)
    assert 0 < shares[-1] < 0.9
    here.picture(upload, VANGOGH, "me")  # Stop is for what was under way
    here.stops.press("me")
    here.stops.ask("me")  # while it waits in the queue
    with pytest.raises(UserError, match="stopped"):
        here.picture(upload, VANGOGH, "me")
    here.picture(upload, VANGOGH, "another")
    here.stops.ask("me")  # its connection broke; nothing was under way
    here.stops.press("me")
    here.picture(upload, VANGOGH, "me")
    here.stops.end()
    with pytest.raises(UserError, match="stopped"):
        here.picture(upload, VANGOGH, "another")


def test_a_picture_that_is_painted_whole_is_not_written_once_it_is_stopped(ckpt, uploads, folder, monkeypatch):
    here, whole = studio(folder, ckpt), Painter._whole

    def stopped_meanwhile(painter, pictures, masks):
        here.stops.ask("me")
        return whole(painter, pictures, masks)

    monkeypatch.setattr(Painter, "_whole", stopped_meanwhile)
    with pytest.raises(UserError, match="stopped"):
        here.picture(str(uploads["tile.bmp"]), VANGOGH, "me")
    assert not [path for path in folder.rglob("*") if path.is_file()]
