"""A random shorter side."""

import numpy as np
import pytest
from PIL import Image

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.single import SingleImage


@pytest.fixture
def folder(tmp_path):
    ramp = np.linspace(0, 255, 200).astype(np.uint8)
    Image.fromarray(np.stack([np.tile(ramp, (200, 1))] * 3, axis=2)).save(tmp_path / "ramp.png")
    return ImageFolder(str(tmp_path), load_size=[50, 200])


def slope(crop):
    """Grey levels a pixel across: the smaller the picture, the steeper."""
    row = crop[0, 0].float()
    return float(row[-1] - row[0]) / (len(row) - 1)


def test_sizes_are_drawn_between_the_two(folder, tmp_path):
    path = tmp_path / "ramp.png"
    sides = [255 / slope(folder.crop(path, 32, np.random.default_rng(at))) for at in range(40)]
    assert 45 < min(sides) < 80
    assert 160 < max(sides) < 215


def test_the_same_draw_is_the_same_crop(folder, tmp_path):
    first, second = (folder.crop(tmp_path / "ramp.png", 32, np.random.default_rng(3)) for _ in range(2))
    assert bool((first == second).all())


def test_validation_and_whole_paintings_take_the_middle(folder, tmp_path):
    path = tmp_path / "ramp.png"
    assert folder.middle_size == 125
    assert folder.whole(path, 32).shape == (125, 125, 3)
    assert 255 / slope(folder.crop(path, 32, None)) == pytest.approx(125, rel=0.1)


def test_one_number_is_as_before(tmp_path, folder):
    fixed = ImageFolder(str(tmp_path), load_size=100)
    assert fixed.one_size
    assert not folder.one_size
    assert fixed.middle_size == fixed.least_size == 100


@pytest.mark.parametrize("size", [[100], [200, 100], [0, 10], [1, 2, 3]])
def test_no_range(tmp_path, size):
    with pytest.raises(ValueError, match=r"load_size is pixels, or \[smallest, largest\]"):
        ImageFolder(str(tmp_path), load_size=size)


def test_a_single_picture_has_a_zoom_instead(tmp_path):
    with pytest.raises(ValueError, match="zoom has two"):
        SingleImage(str(tmp_path), load_size=[10, 20])
