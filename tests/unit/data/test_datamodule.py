"""Sets are fetched, checked and dealt out to devices as the run needs them."""

import itertools
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from PIL import Image
from torch.utils.data import SequentialSampler

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.augment import Augmentation, RandomFlip
from stylegan_pl.data.channel_shuffle import RandomChannels
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Unpaired
from stylegan_pl.errors import DataError

SIZE = 4


def draw(folder: Path, numbers: range, side: int = 6) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        Image.new("RGB", (side, side), (number, 255 - number, 0)).save(folder / f"{number:03}.png")


class Set:
    """Brings content and style below its folder, and counts how often."""

    def __init__(self, folder: Path, *, needs_network: bool) -> None:
        self.folder, self.needs_network, self.fetched = folder, needs_network, 0

    def describe(self) -> str:
        return "a set of 12 images"

    def is_ready(self) -> bool:
        return self.folder.is_dir()

    def fetch(self) -> Path:
        self.fetched += 1
        for side in ("content", "style"):
            draw(self.folder / side / "train", range(6))
        return self.folder


def make(content: ImageFolder, style: ImageFolder, tmp_path: Path, **changes: Any) -> StyleTransferData:
    options: dict[str, Any] = {
        "image_size": SIZE, "batch_size": 2, "val_pairs": 5, "seed": 0, "workers": 0, "download": False,
        "bad_fraction": 0.05, "problems_csv": str(tmp_path / "problems.csv"),
    }  # fmt: skip
    options.update(changes)
    pairing, augment = options.pop("pairing", Unpaired()), options.pop("augment", Augmentation())
    return StyleTransferData(content, style, pairing, augment, **options)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[ImageFolder, ImageFolder]:
    for side, count in (("content", 8), ("style", 5)):
        draw(tmp_path / side / "train", range(count))
        draw(tmp_path / side / "val", range(100, 107))
    return ImageFolder(str(tmp_path / "content")), ImageFolder(str(tmp_path / "style"))


def attach(
    data: StyleTransferData, *, rank: int = 0, ranks: int = 1, images_seen: int = 0, training: bool = True
) -> StyleTransferData:
    data.trainer = SimpleNamespace(  # type: ignore[assignment]
        global_rank=rank, world_size=ranks, num_devices=ranks, training=training,
        lightning_module=SimpleNamespace(clock=SimpleNamespace(images_seen=images_seen)),
    )  # fmt: skip
    return data


def first(data: StyleTransferData, count: int) -> list[StylePair]:
    loader = data.train_dataloader()
    try:
        return list(itertools.islice(loader, count))
    finally:  # an error's traceback would keep the workers until the garbage collector fights them for seconds
        if data.workers:
            loader._iterator._shutdown_workers()  # type: ignore[union-attr]


def reds(batches: list[StylePair]) -> list[int]:
    return [red for batch in batches for red in batch.content[:, 0, 0, 0].tolist()]


# --- prepare


def brought(source: Set) -> list[ImageFolder]:
    return [
        ImageFolder(str(source.folder / side), held_out=0.0, source=source)  # type: ignore[arg-type]
        for side in ("content", "style")
    ]


@pytest.mark.parametrize("download", [False, True])
def test_a_local_set_is_made_without_being_asked_and_once(tmp_path: Path, download: bool) -> None:
    source = Set(tmp_path / "sample", needs_network=False)
    data = make(*brought(source), tmp_path, download=download)
    data.prepare()
    assert source.fetched == 1
    assert data.epoch_images == len(data.train_set) == 6
    make(*brought(source), tmp_path).prepare()
    assert source.fetched == 1  # it is there


def test_a_network_set_waits_for_download(tmp_path: Path) -> None:
    source = Set(tmp_path / "coco", needs_network=True)
    with pytest.raises(DataError, match=r"data\.content\.root: no folder .*; type data\.download=true to fetch it"):
        make(*brought(source), tmp_path).prepare()
    assert source.fetched == 0 and not source.folder.exists()
    make(*brought(source), tmp_path, download=True).prepare()
    assert source.fetched == 1


def test_an_empty_folder_is_fetched_as_a_missing_one(tmp_path: Path) -> None:
    source = Set(tmp_path / "coco", needs_network=True)
    (source.folder / "content").mkdir(parents=True)
    with pytest.raises(DataError, match=r"no image to train on .*; type data\.download=true to fetch it"):
        make(*brought(source), tmp_path).prepare()
    make(*brought(source), tmp_path, download=True).prepare()
    assert source.fetched == 1


@pytest.mark.parametrize("needs_network", [False, True])
def test_another_root_is_not_fetched(tmp_path: Path, needs_network: bool) -> None:
    source = Set(tmp_path / "coco", needs_network=needs_network)
    _, style = brought(source)
    typed = ImageFolder(str(tmp_path / "typo"), source=source)  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"data\.content\.root: no folder .*typo; type data\.content\.root=FOLDER with"):
        make(typed, style, tmp_path, download=True).prepare()
    assert source.fetched == 0


def test_files_that_were_mended_do_not_count_as_bad_in_the_resumed_run(tmp_path: Path) -> None:
    for side in ("content", "style"):
        draw(tmp_path / side, range(40))
    folders = [ImageFolder(str(tmp_path / side), held_out=0.0) for side in ("content", "style")]
    files = folders[0].files("train")
    ended = make(*folders, tmp_path)
    with pytest.raises(DataError, match="3 of 40 images cannot be used"):
        for file in files[:3]:
            ended.problems.report(file, "torn", files)
    os.utime(
        ended.problems.path, ns=(0, files[5].stat().st_ctime_ns)
    )  # before the next lines, whatever the clock's tick
    draw(tmp_path / "content", range(2))  # two are mended
    resumed = make(*folders, tmp_path)
    resumed.prepare()
    assert resumed.problems.read() == {str(files[2]): "torn"}
    resumed.problems.report(files[3], "torn", files)
    assert list(resumed.problems.read()) == [str(files[2]), str(files[3])]


def test_each_folder_is_checked_under_its_own_name(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    content, style = folders
    nowhere = ImageFolder(str(tmp_path / "nowhere"))
    with pytest.raises(DataError, match=r"^data\.content\.root: no folder"):
        make(nowhere, style, tmp_path).prepare()
    with pytest.raises(DataError, match=r"^data\.style\.root: no folder"):
        make(content, nowhere, tmp_path).prepare()
    with pytest.raises(DataError, match=r"^data\.content\.root: 8 of 8 images .* smaller than the crop of 8 pixels"):
        make(content, style, tmp_path, image_size=8).prepare()


def test_setup_prepares_what_nobody_prepared(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    data = make(*folders, tmp_path)
    data.setup("fit")
    train_set = data.train_set
    data.setup("validate")
    assert data.train_set is train_set
    assert data.epoch_images == 8
    assert len(data.val_set) == 7


def test_workers_are_counted_when_not_typed(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    for cores, ranks, expected in ((2, 1, 2), (64, 1, 8), (1, 1, 1), (8, 2, 4), (8, 4, 2), (2, 4, 1), (64, 4, 8)):
        monkeypatch.setattr("os.sched_getaffinity", lambda _, cores=cores: set(range(cores)), raising=False)
        assert attach(make(*folders, tmp_path, workers=None), ranks=ranks).workers == expected
        assert attach(make(*folders, tmp_path, workers=3), ranks=ranks).workers == 3


# --- training batches


def test_the_loader_yields_uint8_and_the_device_minus_one_to_one(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path
) -> None:
    data = attach(make(*folders, tmp_path))
    data.prepare()
    (batch,) = first(data, 1)
    assert isinstance(batch, StylePair)
    result = data.on_after_batch_transfer(batch, 0)
    for before, after in zip(batch, result, strict=True):
        assert before.dtype == torch.uint8 and before.shape == (2, 3, SIZE, SIZE)
        assert after.dtype == torch.float32
        expected = [2 * value / 255 - 1 for value in before.flatten().tolist()]
        assert after.flatten().tolist() == pytest.approx(expected, abs=1e-6)


def test_only_training_is_augmented_and_partners_alike(tmp_path: Path) -> None:
    seen: list[bool] = []

    class Watch(RandomFlip):
        def forward(self, pair: StylePair, *, together: bool) -> StylePair:
            seen.append(together)
            return super().forward(pair, together=together)

    images = torch.arange(2 * 3 * 4 * 4, dtype=torch.uint8).reshape(2, 3, 4, 4)
    batch = StylePair(images, images)
    nobody = ImageFolder("unused")
    for pairing in (Unpaired(), PairedByName()):
        data = make(nobody, nobody, tmp_path, pairing=pairing, augment=Watch(p=1.0))
        plain = attach(data, training=False).on_after_batch_transfer(batch, 0)
        assert plain.content[0, 0, 0, 0] == -1  # not mirrored
        assert seen == []
        mirrored = attach(data, training=True).on_after_batch_transfer(batch, 0)
        assert torch.equal(mirrored.content, plain.content.flip(-1))
        assert seen.pop() is pairing.same_place


def test_training_goes_on_at_the_images_seen(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    data = attach(make(*folders, tmp_path))
    data.prepare()
    whole = first(data, 10)
    resumed = first(attach(data, images_seen=6), 7)
    for a, b in zip(whole[3:], resumed, strict=True):
        assert torch.equal(a.content, b.content) and torch.equal(a.style, b.style)
    assert sorted(reds(whole[:4])) == list(range(8))  # an epoch: each content once


def test_two_ranks_share_what_one_rank_sees(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    data = make(*folders, tmp_path)
    data.prepare()
    dealt = [first(attach(data, rank=rank, ranks=2), 4) for rank in range(2)]
    data.batch_size = 4
    for number, batch in enumerate(first(attach(data), 4)):
        assert torch.equal(torch.cat([hand[number].content for hand in dealt]), batch.content)
        assert torch.equal(torch.cat([hand[number].style for hand in dealt]), batch.style)


def test_an_error_of_a_worker_is_still_one_line(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    """`str()` of a user's error is what the terminal prints (errors.py); a worker must not wrap it in a traceback."""
    data = attach(make(*folders, tmp_path, workers=1))
    data.prepare()
    for path in (tmp_path / "content" / "train").iterdir():
        path.write_text("no picture")
    with pytest.raises(DataError, match=r"of 8 images cannot be used, more than 5%") as caught:
        first(data, 1)
    assert "Traceback" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


# --- validation batches


@pytest.mark.parametrize("ranks", [1, 2, 3])
@pytest.mark.parametrize(("val_pairs", "count"), [(5, 5), (100, 7), (1, 1)])
def test_ranks_share_the_validation_pairs_without_overlap(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path, ranks: int, val_pairs: int, count: int
) -> None:
    data = make(*folders, tmp_path, val_pairs=val_pairs)
    data.prepare()
    shards = [
        reds(list(attach(data, rank=rank, ranks=ranks, training=False).val_dataloader())) for rank in range(ranks)
    ]
    own, others = shards[:count], shards[count:]
    together = [red for shard in own for red in shard]
    assert sorted(together) == list(range(100, 100 + count))  # each once
    assert max(map(len, own)) - min(map(len, own)) <= 1
    assert others == [[100]] * len(others)  # without one of its own, a rank looks at the first, uncounted
    loader = attach(data, rank=0, ranks=ranks).val_dataloader()
    assert isinstance(loader.sampler, SequentialSampler)


def test_validation_is_the_same_every_time(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    data = attach(make(*folders, tmp_path))
    data.prepare()
    before = list(data.val_dataloader())
    first(data, 3)
    after = list(data.val_dataloader())
    assert all(
        torch.equal(a.content, b.content) and torch.equal(a.style, b.style) for a, b in zip(before, after, strict=True)
    )


def test_no_held_out_images_are_no_batches(tmp_path: Path) -> None:
    for side in ("content", "style"):
        draw(tmp_path / side, range(2))
    data = attach(make(*(ImageFolder(str(tmp_path / side)) for side in ("content", "style")), tmp_path))
    data.prepare()
    assert list(data.val_dataloader()) == []


# --- fixed style crops


def test_style_crops_are_fixed_and_of_training_paintings(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path
) -> None:
    data = make(*folders, tmp_path)
    data.prepare()
    crops = [data.style_crop(index) for index in range(10)]
    assert all(crop.shape == (3, SIZE, SIZE) and crop.dtype == torch.uint8 for crop in crops)
    assert [int(crop[0, 0, 0]) for crop in crops] == [0, 1, 2, 3, 4] * 2
    again = make(*folders, tmp_path)
    again.prepare()
    assert all(torch.equal(crop, again.style_crop(index)) for index, crop in enumerate(crops))


def test_of_few_photographs_several_crops_are_measured(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path
) -> None:
    data = make(*folders, tmp_path)
    data.prepare()
    shades = ((data.training_sets(photographs=20).photographs[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()
    assert len(shades) == 20 and set(shades) == set(range(8))  # one of every photograph an epoch
    assert sorted(shades[:8]) == list(range(8))


def test_photographs_are_measured_as_training_augments_them(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make(*folders, tmp_path, augment=RandomChannels())
    data.prepare()
    for device in (torch.cuda, torch.mps, torch.xpu):
        for name in ("manual_seed", "manual_seed_all"):
            monkeypatch.setattr(device, name, lambda seed: pytest.fail("a GPU was seeded"), raising=False)
    state = torch.get_rng_state()
    colours = ((data.training_sets(photographs=16).photographs[:, :, 0, 0] + 1) * 127.5).round().int()
    assert torch.equal(torch.get_rng_state(), state)  # no draw of the run's is taken
    shades = torch.arange(16).remainder(8)
    expected = torch.stack([shades, 255 - shades, 0 * shades], dim=1).int()
    assert torch.equal(colours.sort(dim=1).values, expected.sort(dim=1).values)
    assert len({tuple(row.argsort().tolist()) for row in colours}) > 2  # in several orders
    assert torch.equal(colours, ((data.training_sets().photographs[:, :, 0, 0] + 1) * 127.5).round().int())


def test_a_bad_painting_that_training_skips_does_not_end_an_evaluation(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path
) -> None:
    data = make(*folders, tmp_path, bad_fraction=0.5)
    (tmp_path / "style" / "train" / "002.png").write_text("no picture")
    data.prepare()
    assert all(data.style_crop(index).shape == (3, SIZE, SIZE) for index in range(5))


# --- speed


def test_a_cache_changes_no_batch(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    plain, kept = (attach(make(*folders, tmp_path, cache=cache)) for cache in (None, str(tmp_path / "cache")))
    for data in (plain, kept):
        data.prepare()
    for _ in range(2):
        for expected, found in zip(first(plain, 6), first(kept, 6), strict=True):
            assert torch.equal(found.content, expected.content) and torch.equal(found.style, expected.style)
    assert len(list(tmp_path.glob("cache/*/*.u8"))) == 2


def test_on_the_device_pictures_lie_plane_by_plane(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    """Whether features lie pixel by pixel is the model's to say: a loader's layout would decide for its layers."""
    data = attach(make(*folders, tmp_path), training=False)
    data.prepare()
    (batch,) = first(data, 1)
    moved = data.on_after_batch_transfer(batch, 0)
    for side, floats in zip(batch, moved, strict=True):
        assert floats.is_contiguous() and torch.equal(floats, side / 127.5 - 1)


@pytest.mark.parametrize("prefetch", [1, 3])
def test_workers_keep_as_many_batches_ready_as_was_asked(
    folders: tuple[ImageFolder, ImageFolder], tmp_path: Path, prefetch: int
) -> None:
    data = attach(make(*folders, tmp_path, prefetch=prefetch, workers=1))
    data.prepare()
    assert data.train_dataloader().prefetch_factor == prefetch
    assert attach(make(*folders, tmp_path)).workers == 0  # where torch wants none


def test_no_prefetch_is_refused(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="prefetch must be at least 1 batch, got 0; try 2"):
        make(*folders, tmp_path, prefetch=0)


def test_reading_need_not_be_fast(folders: tuple[ImageFolder, ImageFolder], tmp_path: Path) -> None:
    assert make(*folders, tmp_path).content.fast
    data = make(*folders, tmp_path, fast_reading=False)
    assert not data.content.fast and not data.style.fast
    data.prepare()
    assert first(attach(data), 1)[0].content.shape[1:] == (3, SIZE, SIZE)
