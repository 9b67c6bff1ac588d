"""One picture is a set: its crops differ in place and size, and whatever cannot be is told in a line."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.check import check_folder, make_ready
from stylegan_pl.data.pairing import Unpaired
from stylegan_pl.data.pairs import StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.sampler import PairStream
from stylegan_pl.data.single import SingleImage
from stylegan_pl.errors import DataError


def coordinates(path: Path, width: int, height: int) -> Path:
    """Red is the column, green the row."""
    y, x = np.mgrid[0:height, 0:width]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.stack([x, y, np.zeros_like(x)], -1).astype(np.uint8)).save(path)
    return path


# --- files


def test_the_picture_is_on_both_sides(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "set/a.png", 40, 30)
    for root in (path, path.parent):
        single = SingleImage(str(root))
        assert single.files("train") == single.files("val") == [path]
        assert single.by_name("val") == {"a.png": path} and single.base("train") == path.parent
        assert not single.has_splits and not single.can_be_fetched()
    assert SingleImage(str(tmp_path / "nowhere.png")).files("train") == []


def test_a_folder_called_train_is_searched_like_any_other(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "train/a.png", 40, 30)
    assert SingleImage(str(tmp_path)).files("val") == [path]


# --- crops


def steps(crop: torch.Tensor) -> tuple[float, float]:
    """Pixels of the file that a pixel of the crop covers, across and down; edges left out, where the filter is cut."""
    red, green = crop[0].double(), crop[1].double()
    return (
        ((red[:, -5] - red[:, 4]).mean() / (red.shape[1] - 9)).item(),
        ((green[-5] - green[4]).mean() / (green.shape[0] - 9)).item(),
    )


def test_crops_have_the_zooms_that_were_asked_for_and_reach_every_place(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "a.png", 240, 200)
    single = SingleImage(str(path), zoom=[0.4, 0.8])
    rng = np.random.default_rng(0)
    scales, lefts, tops = [], [], []
    for _ in range(300):
        crop = single.crop(path, 32, rng)
        assert crop.shape == (3, 32, 32) and crop.dtype == torch.uint8
        across, down = steps(crop)
        assert across == pytest.approx(down, abs=0.06)  # not stretched
        scales.append(1 / across)
        lefts.append(crop[0, :, 0].double().mean().item())
        tops.append(crop[1, 0].double().mean().item())
    assert min(scales) == pytest.approx(0.4, abs=0.03) and max(scales) == pytest.approx(0.8, abs=0.03)
    assert np.mean(scales) == pytest.approx(0.6, abs=0.03)
    assert min(lefts) < 6 and max(lefts) > 160 and min(tops) < 6 and max(tops) > 120


@pytest.mark.parametrize(
    ("load_size", "zoom", "target"), [(None, 0.5, 50), (60, 1.0, 60), (60, 0.75, 45), (60, 0.1, 32)]
)
def test_a_crop_is_cut_from_the_resized_picture(
    tmp_path: Path, load_size: int | None, zoom: float, target: int
) -> None:
    """The shorter side is zoom · (load_size or its own), at least the crop; validation cuts out the middle."""
    path = coordinates(tmp_path / "a.png", 150, 100)
    single = SingleImage(str(path), load_size=load_size, zoom=[zoom, zoom])
    crop = single.crop(path, 32, None).permute(1, 2, 0).numpy().astype(int)
    with Image.open(path) as image:
        whole = np.asarray(image.resize((target * 3 // 2, target), Image.Resampling.LANCZOS)).astype(int)
    top = (target - 32) // 2
    expected = whole[top : top + 32]
    left = (whole.shape[1] - 32) / 2
    expected = (expected[:, int(left) : int(left) + 32] + expected[:, int(np.ceil(left)) : int(np.ceil(left)) + 32]) / 2
    assert np.abs(crop - expected)[4:-4, 4:-4].max() <= 150 / target  # to the half pixel that an odd rest leaves


def test_validation_takes_the_middle_at_the_largest_zoom(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "a.png", 60, 50)
    crop = SingleImage(str(path), zoom=[0.7, 1.0]).crop(path, 32, None)
    assert crop[0].tolist() == [list(range(14, 46))] * 32
    assert crop[1].tolist() == [[9 + y] * 32 for y in range(32)]


def test_a_generator_decides_the_crop(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "a.png", 60, 50)
    single = SingleImage(str(path))
    once, again, other = (single.crop(path, 16, np.random.default_rng(seed)) for seed in (7, 7, 8))
    assert torch.equal(once, again) and not torch.equal(once, other)


def test_a_small_picture_is_enlarged_only_where_that_was_asked_for(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "a.png", 40, 20)
    with pytest.raises(DataError, match=r"a\.png: 40×20 pixels is smaller than the crop of 32"):
        SingleImage(str(path)).crop(path, 32, np.random.default_rng(0))
    crop = SingleImage(str(path), upscale=True).crop(path, 32, np.random.default_rng(0))
    assert steps(crop)[0] == pytest.approx(20 / 32, abs=0.05)
    # load_size alone does not enlarge, with upscale it does
    assert SingleImage(str(path), load_size=80).crop(path, 16, None)[1, 0].eq(2).all()
    large = SingleImage(str(path), load_size=80, upscale=True, zoom=[1.0, 1.0]).crop(path, 64, None)
    assert steps(large)[0] == pytest.approx(0.25, abs=0.02)


def test_a_jpeg_decoded_in_small_looks_like_one_decoded_whole(tmp_path: Path) -> None:
    y, x = np.mgrid[0:400, 0:600]
    picture = Image.fromarray(np.stack([x // 3, y // 2, (x + y) // 4], -1).astype(np.uint8))
    for name in ("a.jpg", "a.png"):
        picture.save(tmp_path / name, quality=95)
    # a crop larger than load_size, and a zoom that is always below 1, must not take a decoder's thumbnail for the file
    for load_size, size, zoom in ((80, 40, 1.0), (20, 90, 1.0), (180, 20, 0.25)):
        single = SingleImage(str(tmp_path), load_size=load_size, zoom=[zoom, zoom])
        small, whole = (single.crop(tmp_path / name, size, None).int() for name in ("a.jpg", "a.png"))
        assert (small - whole).abs().float().mean() < 3


@pytest.mark.parametrize("zoom", [[], [1.0], [0.0, 1.0], [1.0, 0.5], [0.1, 0.2, 0.3]])
def test_a_zoom_that_is_none_is_refused(zoom: list[float]) -> None:
    with pytest.raises(ValueError, match=r"zoom is \[smallest, largest\], above 0, got .*; try \[0\.333, 1\.0\]"):
        SingleImage("a.png", zoom=zoom)


# --- training on one pair


def pairs(tmp_path: Path, split: str) -> StylePairs:
    content, style = (SingleImage(str(coordinates(tmp_path / f"{name}.png", 90, 80))) for name in ("photo", "painting"))
    problems = Problems(tmp_path / "problems.csv")
    return StylePairs(content, style, Unpaired(), split=split, size=16, seed=0, problems=problems)


def test_an_epoch_is_one_pair_and_no_two_crops_of_the_stream_are_alike(tmp_path: Path) -> None:
    train = pairs(tmp_path, "train")
    assert len(train) == 1
    stream = PairStream(len(train), batch_size=4, seed=0, rank=0, ranks=1, position=lambda: 0)
    keys = [key for _, batch in zip(range(5), stream, strict=False) for key in batch]
    assert [key.epoch for key in keys] == list(range(20))
    crops = [side.numpy().tobytes() for key in keys for side in train[key]]
    assert len(set(crops)) == 40  # contents and styles are drawn apart, too


def test_a_run_goes_on_at_the_next_crop(tmp_path: Path) -> None:
    train = pairs(tmp_path, "train")
    whole = PairStream(1, batch_size=2, seed=0, rank=0, ranks=1, position=lambda: 0)
    later = PairStream(1, batch_size=2, seed=0, rank=0, ranks=1, position=lambda: 4)
    wanted = [batch for _, batch in zip(range(3), whole, strict=False)][2]
    found = next(iter(later))
    for a, b in zip(wanted, found, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(train[a], train[b], strict=True))


def test_validation_is_one_fixed_pair(tmp_path: Path) -> None:
    val = pairs(tmp_path, "val")
    assert len(val) == 1
    once, again = val[0], val[0]
    assert isinstance(once, StylePair) and all(torch.equal(a, b) for a, b in zip(once, again, strict=True))


# --- what is told


def check(single: SingleImage, size: int = 32, name: str = "data.style") -> None:
    check_folder(single, name=name, size=size, limit=0.05)


def test_one_good_picture_passes(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "set/a.png", 40, 32)
    check(SingleImage(str(path)))
    check(SingleImage(str(path.parent)))
    check(SingleImage(str(path), load_size=16))  # a crop is never larger than what it is cut from
    make_ready(SingleImage(str(path)), name="data.style", size=32, limit=0.05, download=True)


def test_a_missing_file_is_said_with_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        check(SingleImage(str(tmp_path / "no.jpg")))
    assert str(error.value) == (
        f"data.style.root: no file {tmp_path}/no.jpg; type data.style.root=FILE, one picture (JPEG, PNG, WebP, TIFF or "
        "BMP), or data=sample to try without any"
    )


def test_a_folder_of_none_or_of_several_is_said(tmp_path: Path) -> None:
    with pytest.raises(
        DataError, match=r"^data\.style\.root: no image below .*; type data\.style\.root=FILE, one picture"
    ):
        check(SingleImage(str(tmp_path)))
    for name in ("b.png", "a.png", "c.png"):
        coordinates(tmp_path / name, 40, 40)
    words = rf"^data\.style\.root: 3 images below .*; type data\.style\.root={tmp_path}/a\.png, or data=folders for all"
    with pytest.raises(DataError, match=words):
        check(SingleImage(str(tmp_path)))


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no picture")
    with pytest.raises(
        DataError, match=r"^data\.style\.root: .*a\.txt: cannot be read as an image.*; type data\.style\.root="
    ):
        check(SingleImage(str(tmp_path / "a.txt")))


def test_a_picture_smaller_than_the_crop_is_said_and_what_is_suggested_works(tmp_path: Path) -> None:
    path = coordinates(tmp_path / "a.png", 50, 39)
    with pytest.raises(DataError) as error:
        check(SingleImage(str(path)), size=64)
    assert str(error.value) == (
        f"data.style.root: {path} has 50×39 pixels, fewer than the crop of 64; type image_size=36, or "
        "data.style.upscale=true to enlarge it"
    )
    check(SingleImage(str(path)), size=36)
    check(SingleImage(str(path), upscale=True), size=64)
    tiny = coordinates(tmp_path / "tiny.png", 10, 10)
    with pytest.raises(DataError, match=r"; type data\.style\.upscale=true to enlarge it$"):
        check(SingleImage(str(tiny)), size=64)


def test_an_animation_is_refused_unless_its_first_picture_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "lime")]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with pytest.raises(
        DataError, match=r"^data\.style\.root: .*a\.webp: 2 pictures in one file; type first_frame=true"
    ):
        check(SingleImage(str(path)))
    with pytest.raises(DataError, match="2 pictures in one file"):
        SingleImage(str(path)).crop(path, 32, None)
    first = SingleImage(str(path), first_frame=True)
    check(first)
    assert first.crop(path, 32, None)[0].min() > 240
