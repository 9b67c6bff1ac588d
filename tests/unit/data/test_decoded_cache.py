"""Decoded once or each time: the same pixels; and what lies on a disk is never taken on trust."""

import errno
import logging
import multiprocessing
import pickle
import shutil
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from stylegan_pl.data import decoded_cache
from stylegan_pl.data.batches import PairBatches, unchanged
from stylegan_pl.data.decoded_cache import DecodedFolder
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Pairing, Unpaired
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.shards import Shards
from stylegan_pl.data.single import SingleImage
from stylegan_pl.errors import DataError, UserError
from stylegan_pl.preparing.write_shards import write_shards

SIZE = 16


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Twelve files of several sizes and kinds."""
    rng = np.random.default_rng(0)
    folder = tmp_path / "photographs"
    folder.mkdir()
    for number in range(12):
        width, height = (int(side) for side in rng.integers(20, 150, 2))
        pixels = rng.integers(0, 255, (6, 6, 3), dtype=np.uint8)
        image = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
        image.save(folder / f"{number:02}.{'jpg' if number % 3 else 'png'}")
    return folder


def cached(folder: ImageFolder, place: Path, size: int = SIZE) -> DecodedFolder:
    return DecodedFolder(folder, folder.files("train"), size=size, place=place)


def crops(source: ImageFolder | DecodedFolder, files: list[Path]) -> list[torch.Tensor]:
    return [source.crop(path, SIZE, np.random.default_rng(number)) for number, path in enumerate(files)]


def alike(found: list[torch.Tensor], expected: list[torch.Tensor]) -> bool:
    return len(found) == len(expected) and all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))


def never(*_: object) -> None:
    raise AssertionError("decoded again")


def data_file(place: Path) -> Path:
    (found,) = place.glob("*/*.u8")
    return found


SETTINGS = [{}, {"load_size": 18}, {"load_size": 40, "upscale": True}, {"upscale": True}]


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_crops_are_bit_for_bit_those_without_it(
    photographs: Path, tmp_path: Path, settings: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ImageFolder(str(photographs), **settings)  # type: ignore[arg-type]
    files = folder.files("train")
    expected = crops(folder, files)
    first = cached(folder, tmp_path / "cache")
    assert alike(crops(first, files), expected)  # decodes
    monkeypatch.setattr(ImageFolder, "pixels", never)
    assert alike(crops(first, files), expected)  # reads
    assert alike(crops(cached(folder, tmp_path / "cache"), files), expected)  # a later run
    monkeypatch.undo()
    middle = [first.crop(path, SIZE, None) for path in files]
    assert alike(middle, [folder.crop(path, SIZE, None) for path in files])


def test_a_picture_may_be_written_to(photographs: Path, tmp_path: Path) -> None:
    """Augmentation in place must not reach the file."""
    folder = ImageFolder(str(photographs), load_size=SIZE)
    files, source = folder.files("train"), cached(folder, tmp_path)
    for _ in range(2):
        for crop in crops(source, files):
            crop.zero_()
    assert alike(crops(source, files), crops(folder, files))


@pytest.mark.parametrize("pairing", [Unpaired(), PairedByName()], ids=["unpaired", "paired"])
@pytest.mark.parametrize("workers", [0, 2])
def test_pairs_are_the_same(photographs: Path, tmp_path: Path, pairing: Pairing, workers: int) -> None:
    def pairs() -> StylePairs:
        sizes = (18, 18) if pairing.same_place else (17, 20)
        sides = [ImageFolder(str(photographs), load_size=load_size) for load_size in sizes]
        problems = Problems(tmp_path / "problems.csv")
        return StylePairs(*sides, pairing, split="train", size=SIZE, seed=3, problems=problems)

    keys = [PairKey(epoch, index) for epoch in range(2) for index in range(len(pairs()))]
    plain, kept = pairs(), pairs()
    kept.keep_decoded(tmp_path / "cache")
    expected = [plain[key] for key in keys]
    batches = PairBatches(kept)
    loader = DataLoader(batches, batch_sampler=[keys[:5], keys[5:]], num_workers=workers, collate_fn=unchanged)
    for side in range(2):
        found = torch.cat([batch[side] for batch in loader])
        assert torch.equal(found, torch.stack([pair[side] for pair in expected]))


def test_a_changed_file_is_decoded_anew_and_the_old_file_goes(photographs: Path, tmp_path: Path) -> None:
    folder, place = ImageFolder(str(photographs)), tmp_path / "cache"
    files = folder.files("train")
    before = cached(folder, place)
    old = crops(before, files)
    was = data_file(place)
    Image.new("RGB", (40, 40), (1, 2, 3)).save(files[0])
    after = cached(folder, place)
    assert not was.exists() and data_file(place) != was
    assert alike(crops(after, files), crops(folder, files))
    assert alike(crops(before, files), old)  # a run that began before goes on with what it saw


def test_other_settings_are_another_file(photographs: Path, tmp_path: Path) -> None:
    for settings in SETTINGS:
        folder = ImageFolder(str(photographs), **settings)  # type: ignore[arg-type]
        crops(cached(folder, tmp_path), folder.files("train"))
    assert len(list(tmp_path.glob("*/*.u8"))) == len(SETTINGS)


def test_a_damaged_picture_is_told_and_mended(
    photographs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = ImageFolder(str(photographs))
    files = folder.files("train")
    first = cached(folder, tmp_path)
    expected = crops(first, files)
    file = data_file(tmp_path)
    content = bytearray(file.read_bytes())
    for number, at in ((1, 0), (2, 5), (3, 13), (4, 16), (5, 500)):  # mark, height, checksum, pixels
        content[first.offsets[number] + at] ^= 0x55
    file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        assert alike(crops(cached(folder, tmp_path), files), expected)
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(told) == 5 and all("is damaged and is decoded again" in line for line in told)
    caplog.clear()
    assert alike(crops(cached(folder, tmp_path), files), expected)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("damage", ["short", "no index", "index of nothing", "index of another"])
def test_a_file_that_is_not_whole_is_made_anew(photographs: Path, tmp_path: Path, damage: str) -> None:
    folder = ImageFolder(str(photographs))
    files = folder.files("train")
    expected = crops(cached(folder, tmp_path), files)
    file = data_file(tmp_path)
    index = file.with_suffix(".json")
    if damage == "short":
        with file.open("r+b") as stream:
            stream.truncate(file.stat().st_size - 1)
    elif damage == "no index":
        index.unlink()
    else:
        index.write_text("[" if damage == "index of nothing" else f"[0, {file.stat().st_size}]")
    assert alike(crops(cached(folder, tmp_path), files), expected)


def _reads(root: str, place: str, results: "multiprocessing.Queue[list[int]]") -> None:
    folder = ImageFolder(root, load_size=SIZE)
    found = crops(cached(folder, Path(place)), folder.files("train"))
    results.put([int(crop.sum()) for crop in found])


def test_processes_that_start_together_share_one_file(photographs: Path, tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")
    results: multiprocessing.Queue[list[int]] = fork.Queue()
    arguments = str(photographs), str(tmp_path), results
    processes = [fork.Process(target=_reads, args=arguments) for _ in range(4)]
    for process in processes:
        process.start()
    found = [results.get(timeout=60) for _ in processes]
    for process in processes:
        process.join()
    folder = ImageFolder(str(photographs), load_size=SIZE)
    assert found == [[int(crop.sum()) for crop in crops(folder, folder.files("train"))]] * 4
    assert data_file(tmp_path).exists()


def test_a_worker_that_is_spawned_maps_it_for_itself(photographs: Path, tmp_path: Path) -> None:
    folder = ImageFolder(str(photographs))
    files, source = folder.files("train"), cached(folder, tmp_path)
    expected = crops(source, files)
    sent = pickle.dumps(source)
    assert len(sent) < data_file(tmp_path).stat().st_size / 10
    assert alike(crops(pickle.loads(sent), files), expected)


def test_its_size_is_told_in_one_line_once(photographs: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = ImageFolder(str(photographs), load_size=20)
    with caplog.at_level(logging.INFO):
        source = cached(folder, tmp_path)
        cached(folder, tmp_path)
    (said,) = caplog.messages
    assert said.startswith(f"data.cache: up to {source.offsets[-1] / 1e6:.1f} MB in ") and "\n" not in said
    pixels = sum(folder.pixels(path, SIZE).size for path in folder.files("train"))
    assert pixels <= source.offsets[-1] < 1.6 * pixels + 16 * 12 + 12 * 3 * 20 * 10
    assert data_file(tmp_path).stat().st_size == source.offsets[-1]


def test_too_little_room_is_told_before_anything_is_decoded(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")(10, 9, 1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(
        UserError, match=r"data\.cache=.*cache: .* are needed for 1[0-2] pictures .*; type another folder"
    ):
        cached(ImageFolder(str(photographs)), tmp_path / "cache")


def test_a_full_disk_is_one_line_and_no_bad_picture(
    photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = ImageFolder(str(photographs))
    source = cached(folder, tmp_path)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(decoded_cache, "_write", full)
    with pytest.raises(UserError, match=r"^data\.cache: .*: the disk is full; type data\.cache=ANOTHER") as caught:
        crops(source, folder.files("train"))
    assert not isinstance(caught.value, DataError)  # which would count the file as unusable, and go on


def test_a_place_that_is_no_folder_is_told(photographs: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"data\.cache: .*file: cannot be written"):
        cached(ImageFolder(str(photographs)), tmp_path / "file")


def test_an_unreadable_or_small_file_is_reported_as_without_it(photographs: Path, tmp_path: Path) -> None:
    (photographs / "20.jpg").write_bytes(b"no picture")
    Image.new("RGB", (8, 8)).save(photographs / "21.png")
    folder = ImageFolder(str(photographs), held_out=0.0)
    source = cached(folder, tmp_path)
    for name in ("20.jpg", "21.png"):
        for _ in range(2):
            with pytest.raises(DataError) as with_it:
                source.crop(photographs / name, SIZE, None)
            with pytest.raises(DataError) as without:
                folder.crop(photographs / name, SIZE, None)
            assert str(with_it.value) == str(without.value)


def test_shards_are_cached_alike(photographs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_shards(ImageFolder(str(photographs), held_out=0.0), tmp_path / "shards")
    shards = Shards(str(tmp_path / "shards"), load_size=18)
    files = shards.files("train")
    expected = crops(shards, files)
    assert alike(crops(cached(shards, tmp_path / "cache"), files), expected)
    monkeypatch.setattr(Shards, "content", never)
    assert alike(crops(cached(shards, tmp_path / "cache"), files), expected)


def test_a_single_picture_stays_in_memory(photographs: Path, tmp_path: Path) -> None:
    sides = [SingleImage(str(photographs / name)) for name in ("00.png", "01.jpg")]
    pairs = StylePairs(*sides, Unpaired(), split="train", size=SIZE, seed=0, problems=Problems(tmp_path / "p.csv"))
    pairs.keep_decoded(tmp_path / "cache")
    assert pairs.content is sides[0] and not (tmp_path / "cache").exists()
