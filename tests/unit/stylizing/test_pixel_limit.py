"""`max_megapixels=` holds for all that a call reads, in place of Pillow's own limit."""

from pathlib import Path

import pytest
from conftest import compose_config
from omegaconf import OmegaConf
from PIL import Image
from unit.page.example import noise, write_checkpoints

from stylegan_pl.errors import UserError
from stylegan_pl.stylize import stylize
from stylegan_pl.stylizing import onnx


@pytest.fixture(scope="module")
def ckpts(tmp_path_factory):
    return write_checkpoints(tmp_path_factory.mktemp("ckpts"))


@pytest.fixture
def photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One that is larger than Pillow's own limit, which stands for 179 megapixels."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    return picture(tmp_path / "photo.png", 60)


def picture(path: Path, side: int) -> Path:
    Image.fromarray(noise(side, side)).save(path)
    return path


def call(photo: Path, *typed: str, **given: object) -> int:
    config = compose_config("stylize", ["ckpt=x", "input=x", "output=x", "device=cpu", *typed])
    for key, value in {"input": str(photo), "output": str(photo.with_name("out.png")), **given}.items():
        OmegaConf.update(config, key, value if value is None else str(value))
    return stylize(config)


@pytest.mark.parametrize("typed", [(), ("sheet=true",)])
def test_a_style_may_be_as_large_as_pictures_may(ckpts, photo, typed):
    assert call(photo, *typed, ckpt=ckpts[1], style=picture(photo.with_name("style.png"), 50)) == 0


def test_a_style_may_be_no_larger(ckpts, photo):
    style = picture(photo.with_name("style.png"), 70)
    with pytest.raises(UserError, match=r"style\.png: 0 megapixels, of at most 0; type max_megapixels=1"):
        call(photo, "max_megapixels=0.004", ckpt=ckpts[1], style=style)


def test_with_a_model_memory_is_looked_at_for_all_large_pictures_and_whole_results_are_kept(photo, monkeypatch):
    checked = []

    class Check:
        def __init__(self, *_):
            """Measures nothing."""

        def __call__(self, name, width, height):
            checked.append((width, height))

    monkeypatch.setattr(onnx, "MemoryCheck", Check)
    monkeypatch.setattr(onnx, "LARGE", 1000)
    monkeypatch.setattr(onnx, "_painter", lambda config: lambda pictures: pictures)
    assert call(photo, "onnx=x.onnx", ckpt="???") == 0
    assert call(photo, "onnx=x.onnx", "resume=true", ckpt="???") == 0
    assert checked == [(60, 60)]


def test_films_too(ckpts, photo):
    pytest.importorskip("av")
    folder = photo.with_name("frames")
    folder.mkdir()
    for number in range(2):
        picture(folder / f"{number}.png", 60)
    typed = {"input": folder, "output": photo.with_name("out.mp4"), "ckpt": ckpts[0]}
    assert call(photo, **typed) == 0
    with pytest.raises(UserError, match="max_megapixels=1 if you trust it"):
        call(photo, "max_megapixels=0.003", **typed | {"input": photo.with_name("out.mp4"), "output": "b.mp4"})
