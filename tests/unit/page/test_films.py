"""An uploaded film becomes what `stylize` makes of it; stopped, it plays as far as it goes."""

import numpy as np
import pytest
from conftest import compose_config
from omegaconf import OmegaConf
from unit.page.example import studio, write_checkpoints

pytest.importorskip("av")

from clips import FRAMES, look, scene, write_film

from stylegan_pl.errors import UserError
from stylegan_pl.page.films import summary
from stylegan_pl.page.painters import PaintOptions
from stylegan_pl.stylizing.pictures import paint

VANGOGH = PaintOptions("vangogh/2026-11-23", strength=0.8)


@pytest.fixture(scope="module")
def ckpt(tmp_path_factory):
    return write_checkpoints(tmp_path_factory.mktemp("ckpts"))[0]


@pytest.fixture
def film(tmp_path):
    return write_film(tmp_path / "clip.mp4", scene())


@pytest.fixture
def here(tmp_path, ckpt):
    (tmp_path / "page").mkdir()
    return studio(tmp_path / "page", ckpt)


def test_the_film_of_stylize(here, ckpt, film, tmp_path):
    told_frames = []
    done = here.film(str(film), VANGOGH, "me", lambda *shares: told_frames.append(shares))
    typed = ["device=cpu", "strength=0.8", "film.crf=4", "+film.options.preset=ultrafast"]
    config = compose_config("stylize", ["ckpt=x", "input=x", "output=x", *typed])
    for key, value in {"ckpt": ckpt, "input": film, "output": tmp_path / "expected.mp4"}.items():
        OmegaConf.update(config, key, str(value))
    assert paint(config) == 0
    expected, painted = look(tmp_path / "expected.mp4"), look(done.result)
    assert np.array_equal(painted.frames, expected.frames) and painted.times == expected.times
    assert painted.sound == look(film).sound and len(painted.sound) > 10
    assert told_frames == [(count, FRAMES) for count in range(1, FRAMES + 1)]
    assert done.result.name == "clip-painted.mp4"
    assert summary(done.facts).startswith(f"{FRAMES} frames, 0.80 s, flicker 0.")


def test_stop_leaves_a_film_that_plays(here, film):
    def report(done: int, frames: int) -> None:
        if done == 6:
            here.stops.ask("me")

    done = here.film(str(film), VANGOGH, "me", report)
    assert len(look(done.result).frames) == 6 and summary(done.facts).startswith("Stopped: 6 frames")
    assert not list(here.folder.rglob(".*partial*"))


def test_a_container_that_no_encoder_of_ours_fills(here, tmp_path):
    old = write_film(tmp_path / "old.avi", scene(5), codec="mpeg4", sound_codec="mp3", options={})
    assert here.film(str(old), VANGOGH, "me").result.suffix == ".mkv"


def test_what_is_no_film_or_too_large(here, ckpt, film):
    upload = here.folder / "b2/no film.mp4"
    upload.parent.mkdir()
    upload.write_bytes(b"\x00" * 300)
    with pytest.raises(UserError) as refused:
        here.film(str(upload), VANGOGH, "me")
    assert here.without_folders(str(refused.value)).startswith("no film.mp4: cannot be read as a film")
    small = studio(here.folder, ckpt, max_megapixels=0.001)
    with pytest.raises(UserError, match=r"frames of 64×48 pixels; at most 0\.001 megapixels"):
        small.film(str(film), VANGOGH, "me")
    with pytest.raises(UserError, match="drop a film first"):
        here.film(None, VANGOGH, "me")
    here.stops.press("me")
    here.stops.ask("me")
    with pytest.raises(UserError, match="stopped"):
        here.film(str(film), VANGOGH, "me")
