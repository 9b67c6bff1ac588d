"""Crops need not be square: height and width, from the file to the check of a folder."""

from pathlib import Path

import numpy as np
import pytest
from conftest import compose_config
from images_on_disk import write_images
from PIL import Image

from stylegan_pl.config.check_numbers import check_image_size
from stylegan_pl.data.check import check_folder
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.single import SingleImage
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.crop_size import fits, in_words, least_shorter_side, sides


def picture(path: Path, width: int, height: int) -> Path:
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)).save(path)
    return path


def test_words() -> None:
    assert sides(256) == (256, 256) == sides([256, 256]) and sides([256, 384]) == (256, 384)
    assert (in_words(256), in_words([256, 256]), in_words((256, 384))) == ("256", "256", "256×384")
    assert fits(384, 256, [256, 384]) and not fits(256, 384, [256, 384])
    assert least_shorter_side(100, 100, [32, 48]) == 48
    assert least_shorter_side(200, 100, [32, 48]) == 32 and least_shorter_side(100, 200, [32, 48]) == 48


@pytest.mark.parametrize("size", [(32, 48), (48, 32), [40, 40]])
@pytest.mark.parametrize("rng", [None, np.random.default_rng(1)])
def test_a_folder_and_a_single_picture_give_crops_of_that_shape(tmp_path, size, rng) -> None:
    path = picture(tmp_path / "a.png", 90, 70)
    for kind in (ImageFolder, SingleImage):
        crop = kind(root=str(tmp_path), load_size=50).crop(path, size, rng)
        assert crop.shape == (3, *size) and crop.float().std() > 10


def test_the_middle_is_cut_and_nothing_is_squeezed(tmp_path) -> None:
    path = picture(tmp_path / "a.png", 90, 70)
    crop = ImageFolder(root=str(tmp_path)).crop(path, (32, 48), None)
    assert np.array_equal(crop.permute(1, 2, 0).numpy(), np.asarray(Image.open(path))[19:51, 21:69])


def test_what_is_too_small_is_refused_or_enlarged_to_fit(tmp_path) -> None:
    path = picture(tmp_path / "a.png", 40, 60)
    with pytest.raises(DataError, match="40×60 pixels is smaller than the crop of 32×48"):
        ImageFolder(root=str(tmp_path)).crop(path, (32, 48), None)
    folder = ImageFolder(root=str(tmp_path), upscale=True)
    assert folder.resized_size(40, 60, (32, 48)) == (48, 72)
    assert folder.crop(path, (32, 48), None).shape == (3, 32, 48)
    write_images(tmp_path / "set", 4, size=40)
    with pytest.raises(DataError, match=r"3 of 3 images .* smaller than the crop of 32×48 pixels .*type image_size=40"):
        check_folder(ImageFolder(root=str(tmp_path / "set")), name="data.content", size=(32, 48), limit=0.05)
    check_folder(ImageFolder(root=str(tmp_path / "set")), name="data.content", size=(32, 40), limit=0.05)
    with pytest.raises(DataError, match=r"=36 shrinks every image below the crop of 32×40 .*type .*load_size=40"):
        folder = ImageFolder(root=str(tmp_path / "set"), load_size=36)
        check_folder(folder, name="data.content", size=(32, 40), limit=0.05)


@pytest.mark.parametrize("typed", ["[1]", "[1,2,3]", "abc", "2.5", "[32,4.5]", "true", "[a,b]"])
def test_what_is_no_size_is_answered(typed) -> None:
    with pytest.raises(ConfigError, match=r"type pixels, image_size=256, or height and width, image_size=\[256,384\]"):
        check_image_size(compose_config("train", [f"image_size={typed}"]).image_size)
