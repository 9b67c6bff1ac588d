"""Other programs' pictures, by the names of their photographs."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.errors import DataError
from stylegan_pl.evaluation.fixed_set import Photograph
from stylegan_pl.evaluation.painted_folder import PaintedFolder
from stylegan_pl.pictures.tensors import image_to_tensor


def smooth(width: int, height: int, seed: int) -> Image.Image:
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)


@pytest.fixture
def photographs(tmp_path: Path) -> tuple[ImageFolder, list[Photograph]]:
    """64×48 each, one in a folder of its own; the crop is 32 of the middle, after shrinking to 40."""
    folder = ImageFolder(root=str(tmp_path / "content"), load_size=40)
    made = []
    for seed, name in enumerate(["val/1.png", "val/10.png", "val/sub/tree.jpg"]):
        path = tmp_path / "content" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        smooth(64, 48, seed).save(path)
        made.append(Photograph(name, path, folder.crop(path, 32, None), None))
    return folder, made


@pytest.mark.parametrize(
    "names",
    [
        ("val/1.jpg", "val/10.jpg", "val/sub/tree.png"),
        ("1.webp", "10.webp", "sub/tree.webp"),
        ("1.png", "10.png", "tree.png"),
        ("1_fake_B.png", "10_fake_B.png", "tree_fake_B.png"),
        ("epoch_200/1-styled.png", "epoch_200/10-styled.png", "epoch_200/tree-styled.png"),
    ],
)
def test_a_picture_is_found_by_its_photographs_name(tmp_path, photographs, names) -> None:
    folder, made = photographs
    for seed, name in enumerate(names):
        path = tmp_path / "painted" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        smooth(64, 48, seed + 50).save(path)
    painted = PaintedFolder(tmp_path / "painted", folder, 32)
    for photograph, name in zip(made, names, strict=True):
        assert painted.file_of(photograph) == tmp_path / "painted" / name
    assert len(painted) == 3


def test_whole_pictures_are_cropped_as_their_photographs(tmp_path, photographs) -> None:
    folder, made = photographs
    (tmp_path / "painted").mkdir()
    for photograph in made:
        Image.open(photograph.path).save(tmp_path / "painted" / f"{Path(photograph.name).stem}.png")
    painted = PaintedFolder(tmp_path / "painted", folder, 32)
    for photograph in made:
        assert torch.equal(painted.crop_of(photograph), photograph.content)
    Image.open(made[0].path).resize((128, 96), Image.Resampling.BICUBIC).save(tmp_path / "painted/1.png")
    gap = (painted.crop_of(made[0]).float() - made[0].content.float()).abs().mean()
    assert gap < 3  # of 255: enlarged and shrunk again, the same place


def test_a_picture_of_the_crops_size_is_the_crop(tmp_path, photographs) -> None:
    folder, made = photographs
    (tmp_path / "painted").mkdir()
    smooth(32, 32, 9).save(tmp_path / "painted/1.png")
    crop = PaintedFolder(tmp_path / "painted", folder, 32).crop_of(made[0])
    assert torch.equal(crop, image_to_tensor(smooth(32, 32, 9)))


def test_what_does_not_fit_is_told_in_a_line(tmp_path, photographs) -> None:
    folder, made = photographs
    (tmp_path / "painted").mkdir()
    with pytest.raises(DataError, match="holds neither a checkpoint nor a picture"):
        PaintedFolder(tmp_path / "painted", folder, 32)
    smooth(30, 64, 9).save(tmp_path / "painted/1.png")
    smooth(32, 32, 9).save(tmp_path / "painted/tree_a.png")
    smooth(32, 32, 9).save(tmp_path / "painted/tree_b.png")
    painted = PaintedFolder(tmp_path / "painted", folder, 32)
    with pytest.raises(DataError, match=r"1\.png: 30×64 pixels, of another shape than its photograph val/1\.png \("):
        painted.crop_of(made[0])
    with pytest.raises(DataError, match=r"no picture in .* for the photograph val/10\.png; .* as 10\.png"):
        painted.crop_of(made[1])
    with pytest.raises(DataError, match=r"2 pictures, tree_a\.png and tree_b\.png among them"):
        painted.crop_of(made[2])
