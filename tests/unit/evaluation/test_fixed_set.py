"""The photographs and paintings that everybody is judged on."""

from pathlib import Path

import pytest
import torch
from images_on_disk import write_images

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Unpaired
from stylegan_pl.errors import DataError
from stylegan_pl.evaluation.fixed_set import FixedSet, read_fixed_set


def read(root: Path, **options) -> FixedSet:
    settings = {"split": "val", "size": 32, "seed": 0, "pairs": 100, "style_crops": 9, **options}
    sets = [ImageFolder(root=str(root / side)) for side in ("content", "style")]
    return read_fixed_set(*sets, settings.pop("pairing", Unpaired()), **settings)


def test_each_photograph_is_there_once_in_order(image_sets) -> None:
    for split, count in (("val", 4), ("train", 10), ("all", 14)):
        fixed = read(image_sets, split=split)
        names = [photograph.name for photograph in fixed.photographs]
        assert len(set(names)) == len(names) == fixed.available == count
        assert all((image_sets / "content" / name).is_file() for name in names)
        assert {photograph.content.shape for photograph in fixed.photographs} == {(3, 32, 32)}
        assert fixed.paintings.shape == (9, 3, 32, 32)
    assert len(read(image_sets, pairs=3).photographs) == 3
    assert len(read(image_sets, style_crops=None).paintings) == 128


def test_it_is_what_validation_sees(image_sets, train_config) -> None:
    from stylegan_pl.training.build import build_data

    data = build_data(train_config("data.content.load_size=null", "data.style.load_size=null"))
    data.prepare()
    fixed = read(image_sets)
    for index, photograph in enumerate(fixed.photographs):
        assert torch.equal(photograph.content, data.val_set[index].content)
    assert torch.equal(fixed.paintings, torch.stack([data.style_crop(index) for index in range(9)]))


def test_pairs_stay_pairs(tmp_path) -> None:
    for side, hue in (("content", 0), ("style", 2)):
        write_images(tmp_path / side / "train", 3, hue=hue, seed=hue)
        write_images(tmp_path / side / "val", 3, hue=hue, seed=hue + 9)
    fixed = read(tmp_path, pairing=PairedByName())
    style = ImageFolder(root=str(tmp_path / "style"))
    for photograph in fixed.photographs:
        assert torch.equal(photograph.style, style.crop(tmp_path / "style" / photograph.name, 32, None))


def test_a_damaged_file_is_passed_over_and_told(tmp_path, image_sets) -> None:
    for side in ("content", "style"):
        for split in ("train", "val"):
            target = tmp_path / side / split
            target.mkdir(parents=True)
            for path in (image_sets / side / split).iterdir():
                (target / path.name).write_bytes(path.read_bytes())
    whole = read(tmp_path)
    broken = whole.photographs[1].path
    broken.write_bytes(broken.read_bytes()[:60])
    painting = sorted((tmp_path / "style/train").iterdir())[2]
    painting.write_bytes(b"")
    fixed = read(tmp_path)
    assert [p.name for p in fixed.photographs] == [p.name for p in whole.photographs if p.path != broken]
    assert len(fixed.paintings) == 9
    assert len(fixed.skipped) == 2 and str(broken) in fixed.skipped[0] and str(painting) in fixed.skipped[1]


def test_nothing_to_judge_by_is_told_in_a_line(tmp_path, image_sets) -> None:
    (tmp_path / "content").mkdir()
    (tmp_path / "style").symlink_to(image_sets / "style")
    with pytest.raises(DataError, match=r"no photograph of split=val below .*; type split=all, or data=folders"):
        read(tmp_path)
    with pytest.raises(DataError, match=r"none of 4 photographs can be used, such as .*smaller than the crop of 99"):
        read(image_sets, size=99)
