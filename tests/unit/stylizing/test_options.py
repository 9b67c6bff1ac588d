"""Options that a call of `stylize` would not use."""

import pytest
from conftest import compose_config
from PIL import Image
from unit.page.example import write_checkpoints

from stylegan_pl.errors import ConfigError
from stylegan_pl.stylize import stylize

_LISTED = ["film.crf=20", "film.bitrate=3", "film.codec=libx265", "film.options={preset:slow}", "film.smoothing=0.5"]
_LISTED += ["film.statistics_half_life=null", "film.cut_threshold=null", "film.fps=24"]


@pytest.mark.parametrize("typed", _LISTED)
def test_a_films_option_is_not_ignored_for_pictures(tmp_path, typed):
    (tmp_path / "photo.png").touch()
    words = ["ckpt=none.ckpt", f"input={tmp_path / 'photo.png'}", f"output={tmp_path / 'out'}", typed]
    with pytest.raises(ConfigError, match=rf"^{typed.partition('=')[0]}= is for films, .*; leave it out$"):
        stylize(compose_config("stylize", words))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "typed", ["image_format=png", "first_frame=true", "quality=80", "resume=true", "tile_exact=true"]
)
def test_a_pictures_option_is_not_ignored_for_a_film(tmp_path, typed):
    words = ["ckpt=none.ckpt", f"input={tmp_path / 'film.mp4'}", f"output={tmp_path / 'out.mp4'}", typed]
    with pytest.raises(ConfigError, match=rf"^{typed.partition('=')[0]}= is for pictures, .*; leave it out$"):
        stylize(compose_config("stylize", words))


def test_a_sheet_of_learned_styles_takes_no_painting(tmp_path):
    learned, _ = write_checkpoints(tmp_path)
    Image.new("RGB", (40, 40)).save(tmp_path / "photo.png")
    words = [f"ckpt={learned}", f"input={tmp_path / 'photo.png'}", f"output={tmp_path / 'sheet.png'}", "sheet=true"]
    with pytest.raises(ConfigError, match=r"^style= is for generators that take any painting"):
        stylize(compose_config("stylize", [*words, "device=cpu", f"style={tmp_path / 'nowhere.png'}"]))
    assert not (tmp_path / "sheet.png").exists()


@pytest.mark.parametrize("typed", ["tile=512", "batch_size=4", "memory_gb=2", "resume=true", "film.smoothing=0.5"])
def test_a_sheet_says_what_it_does_not_use(tmp_path, typed):
    (tmp_path / "photo.png").touch()
    words = ["ckpt=none.ckpt", f"input={tmp_path / 'photo.png'}", f"output={tmp_path / 'sheet.png'}", "sheet=true"]
    with pytest.raises(ConfigError, match=rf"^{typed.partition('=')[0]}= does not work with sheet=true; leave it out$"):
        stylize(compose_config("stylize", [*words, typed]))
