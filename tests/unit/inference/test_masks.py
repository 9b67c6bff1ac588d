"""Masks by name, scaled to their pictures."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stylegan_pl import Stylizer
from stylegan_pl.errors import DataError, UserError
from stylegan_pl.inference.masks import Masks
from stylegan_pl.inference.painter import Painter


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """a.png: dark left, light right; deep/b.jpg: light."""
    (tmp_path / "masks/deep").mkdir(parents=True)
    halves = np.zeros((10, 20), np.uint8)
    halves[:, 10:] = 255
    Image.fromarray(halves).save(tmp_path / "masks/a.png")
    Image.new("L", (8, 8), 255).save(tmp_path / "masks/deep/b.jpg")
    return tmp_path / "masks"


def test_a_mask_is_found_by_name_whatever_its_format(folder):
    masks = Masks(folder)
    assert masks.of(Path("deep/b.png"), 30, 30).min() > 0.99
    share = masks.of(Path("a.jpg"), 40, 20)
    assert share.shape == (1, 1, 20, 40) and share.dtype == torch.float32
    assert share[..., :17].max() == 0 and share[..., 23:].min() == 1


def test_a_mask_s_extension_may_be_in_capitals(folder):
    (folder / "a.png").rename(folder / "IMG.PNG")
    assert Masks(folder).of(Path("IMG.jpg"), 20, 10).mean() == 0.5


@pytest.mark.parametrize(("of_the_file", "asked"), [("NFD", "NFC"), ("NFC", "NFD")])
def test_a_mask_is_found_though_another_system_writes_its_accents_otherwise(folder, of_the_file, asked):
    (folder / "a.png").rename(folder / unicodedata.normalize(of_the_file, "été.png"))
    assert Masks(folder).of(Path(unicodedata.normalize(asked, "été.jpg")), 20, 10).mean() == 0.5


@pytest.mark.parametrize(("width", "height"), [(20, 13), (13, 20)])
def test_a_mask_of_another_shape_is_refused_too_wide_or_too_high(tmp_path, width, height):
    Image.new("L", (16, 16), 255).save(tmp_path / "m.png")
    with pytest.raises(DataError, match=r"its mask .* is 16×16"):
        Masks(tmp_path / "m.png").of(Path("a.png"), width, height)


def test_one_mask_is_for_all(folder):
    masks = Masks(folder / "a.png")
    for name in ("x.jpg", "y/z.png"):
        assert masks.of(Path(name), 20, 10).mean() == 0.5


def test_grey_is_a_share(tmp_path):
    Image.new("L", (4, 4), 51).save(tmp_path / "m.png")
    assert masks_close(Masks(tmp_path / "m.png").of(Path("a.png"), 4, 4), 0.2)


def test_grey_of_16_bits_in_python_is_a_share_too():
    photograph, grey = np.zeros((4, 4, 3), np.uint8), Image.fromarray(np.full((4, 4), 20000, np.uint16))
    paints = Stylizer(Painter(torch.nn.Hardtanh(1, 2)))  # white
    assert grey.mode == "I;16"
    assert np.unique(paints(photograph, mask=grey)).tolist() == [78]  # of 255, as 20000 of 65535


def masks_close(share: torch.Tensor, value: float) -> bool:
    return bool((share - value).abs().max() < 1e-6)


def test_what_does_not_fit_is_said(folder):
    with pytest.raises(DataError, match=r"c\.jpg: no mask of that name in .*masks; add one"):
        Masks(folder).of(Path("c.jpg"), 20, 10)
    with pytest.raises(DataError, match=r"a\.jpg: 20×20 pixels, but its mask .*a\.png is 20×10; give one of the same"):
        Masks(folder).of(Path("a.jpg"), 20, 20)
    with pytest.raises(UserError, match=r"mask=.*gone: no such file or folder"):
        Masks(folder / "gone")
