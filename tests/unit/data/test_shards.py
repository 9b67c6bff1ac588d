"""Tar shards: image for image the folder they were written from, from a disk and from a web server."""

import errno
import os
import shutil
import tarfile
import threading
import unicodedata
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch
from conftest import compose_config
from images_on_disk import write_images
from PIL import Image
from torch.utils.data import DataLoader

from stylegan_pl.data import shards as shards_module
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import PairedByName, Unpaired
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.sampler import PairStream
from stylegan_pl.data.shards import Shards, check_index
from stylegan_pl.errors import DataError, UserError
from stylegan_pl.prepare import prepare
from stylegan_pl.preparing.write_shards import write_shards
from stylegan_pl.training.build import build_data


class RangeHandler(SimpleHTTPRequestHandler):
    """A web server of files that answers ranges, and remembers what was asked of it."""

    asked: list[tuple[str, str | None]]
    ranges = True

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        asked = self.headers.get("Range")
        self.asked.append((path.name, asked))
        if not path.is_file():
            self.send_error(404)
            return
        content, code = path.read_bytes(), 200
        if asked and self.ranges:
            first, last = asked.removeprefix("bytes=").split("-")
            content, code = content[int(first) : int(last) + 1], 206
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments) -> None:
        pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> ImageFolder:
    root = tmp_path_factory.mktemp("photographs")
    write_images(root / "b", 7, seed=1)
    write_images(root / "a.x", 9, seed=2)
    Image.fromarray(np.zeros((90, 70, 3), np.uint8)).save(root / "é 1.JPG")
    return ImageFolder(str(root), held_out=0.3)


@pytest.fixture(scope="module")
def written(folder, tmp_path_factory) -> Path:
    target = tmp_path_factory.mktemp("shards")
    counts = write_shards(folder, target, shard_bytes=20_000)
    assert counts == {split: len(folder.files(split)) for split in ("train", "val")} and min(counts.values()) > 1
    return target


@pytest.fixture
def served(written):
    class Handler(RangeHandler):
        asked: ClassVar = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(written)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", Handler
    server.shutdown()
    server.server_close()


def pairs(content: ImageFolder, style: ImageFolder, tmp_path: Path, split: str = "train") -> StylePairs:
    return StylePairs(content, style, Unpaired(), split=split, size=32, seed=5, problems=Problems(tmp_path / "p.csv"))


def first_batches(data: StylePairs, *, position: int, rank: int = 0, ranks: int = 1, workers: int = 0):
    stream = PairStream(len(data), batch_size=2, seed=3, rank=rank, ranks=ranks, position=lambda: position)
    loader = iter(DataLoader(data, batch_sampler=stream, num_workers=workers))
    return [next(loader) for _ in range(4)]


def test_shards_are_plain_tars_of_the_files_bytes(folder, written):
    """Read by the standard library, in the folder's order, every file as it was."""
    for split in ("train", "val"):
        tars = sorted(written.glob(f"{split}-*.tar"))
        assert [path.name for path in tars] == [f"{split}-{n:06d}.tar" for n in range(len(tars))]
        found = []
        for path in tars:
            with tarfile.open(path, "r:") as tar:
                found += [(member.name, tar.extractfile(member).read()) for member in tar]
        files = folder.files(split)
        assert [content for _, content in found] == [path.read_bytes() for path in files]
        assert [name for name, _ in found] == [f"{n:09d}{path.suffix.lower()}" for n, path in enumerate(files)]
    assert len(list(written.glob("train-*.tar"))) > 2


def test_the_index_points_at_each_files_first_byte(folder, written):
    lines = [line.split("\t") for line in (written / "index.tsv").read_text().splitlines()]
    offsets = {}
    for path in written.glob("*.tar"):
        with tarfile.open(path) as tar:
            offsets |= {(path.name, member.offset_data): member.size for member in tar}
    assert {(row[2], int(row[3])): int(row[4]) for row in lines[1:]} == offsets
    named = {row[1]: (int(row[5]), int(row[6])) for row in lines[1:]}
    assert named["é 1.JPG"] == (70, 90) and "a.x/000.png" in named


def test_webdataset_reads_them(written):
    webdataset = pytest.importorskip("webdataset")
    urls = [str(path) for path in sorted(written.glob("train-*.tar"))]
    samples = list(webdataset.WebDataset(urls, shardshuffle=False))
    assert len(samples) == len(Shards(str(written)).files("train"))
    assert all({"png", "jpg"} & sample.keys() for sample in samples)


@pytest.mark.parametrize("place", ["folder", "http", "cache"])
def test_pairs_are_the_folders_pairs(folder, written, served, tmp_path, place):
    root = served[0] if place == "http" else str(written)
    from_shards = Shards(root, load_size=40, cache=str(tmp_path / "copies") if place == "cache" else None)
    from_files = ImageFolder(folder.root, load_size=40, held_out=folder.held_out)
    ours, theirs = pairs(from_shards, from_shards, tmp_path), pairs(from_files, from_files, tmp_path)
    for mine, its in zip(first_batches(ours, position=0), first_batches(theirs, position=0), strict=True):
        assert torch.equal(mine.content, its.content) and torch.equal(mine.style, its.style)
    ours, theirs = (pairs(side, side, tmp_path, "val") for side in (from_shards, from_files))
    assert len(ours) == len(theirs)
    assert all(torch.equal(ours[n].content, theirs[n].content) for n in range(len(ours)))


def test_it_resumes_at_the_next_image_on_any_number_of_ranks_and_workers(written, tmp_path):
    data = pairs(Shards(str(written)), Shards(str(written)), tmp_path)
    whole = first_batches(data, position=0)
    resumed = first_batches(data, position=4, workers=2)
    for before, after in zip(whole[2:], resumed[:2], strict=True):
        assert torch.equal(before.content, after.content)
    ranks = [first_batches(data, position=0, rank=rank, ranks=2) for rank in (0, 1)]
    dealt = [batch for pair in zip(*ranks, strict=True) for batch in pair]
    assert all(torch.equal(a.content, b.content) for a, b in zip(whole, dealt[:4], strict=True))


def test_over_http_an_image_costs_its_own_bytes(written, served):
    url, handler = served
    images = Shards(url)
    path = images.files("train")[3]
    handler.asked.clear()
    images.crop(path, 32, None)
    (asked,) = handler.asked
    member = shards_module._index(url)[path]
    assert asked == (member.shard, f"bytes={member.offset}-{member.offset + member.n_bytes - 1}")


def test_with_a_cache_a_shard_is_fetched_once_by_many(written, served, tmp_path):
    url, handler = served
    cache = str(tmp_path / "cache")
    data = pairs(Shards(url, cache=cache), Shards(url, cache=cache), tmp_path)
    first_batches(data, position=0, workers=2)
    first_batches(data, position=0)
    fetched = [name for name, _ in handler.asked if name.endswith(".tar")]
    assert fetched and len(fetched) == len(set(fetched))
    copies = {path.name: path.read_bytes() for path in Path(cache).rglob("*.tar")}
    assert copies == {name: (written / name).read_bytes() for name in copies} and set(copies) == set(fetched)


def test_shards_that_were_written_again_are_copied_again(tmp_path):
    for seed, count in ((1, 3), (2, 5)):  # more and other pictures, at the same place
        shutil.rmtree(tmp_path / "shards", ignore_errors=True)
        write_images(tmp_path / f"set{seed}", count, seed=seed)
        folder = ImageFolder(str(tmp_path / f"set{seed}"), held_out=0.0)
        write_shards(folder, tmp_path / "shards")
        for read_once in (shards_module._index, shards_module._copies):
            read_once.cache_clear()  # another run
        images = Shards(str(tmp_path / "shards"), cache=str(tmp_path / "cache"))
        for path, file in zip(images.files("train"), folder.files("train"), strict=True):
            assert images.content(path) == file.read_bytes()


def test_workers_read_over_http_after_a_fork(served, written, tmp_path):
    url, _ = served
    remote, local = (pairs(Shards(root), Shards(root), tmp_path) for root in (url, str(written)))
    for a, b in zip(first_batches(remote, position=0, workers=2), first_batches(local, position=0), strict=True):
        assert torch.equal(a.content, b.content)


def test_pairs_by_name_and_patterns_see_the_folders_names(written, folder):
    images = Shards(str(written))
    contents, styles = PairedByName().match(images, images, "train")
    assert contents == styles and sorted(contents) == sorted(images.files("train"))
    only = Shards(str(written), include=["b/*"])
    assert only.files("train") == [
        Path("train", p.relative_to(folder.root)) for p in folder.files("train") if "b/" in str(p)
    ]


def test_a_pattern_may_be_typed_on_a_mac(written):
    typed = unicodedata.normalize("NFD", "é*")
    images = Shards(str(written), include=[typed])
    assert [path.name for split in ("train", "val") for path in images.files(split)] == ["é 1.JPG"]


def test_what_is_wrong_is_told(written, served, tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"data\.content\.root: .*index\.tsv: no such file; write shards with"):
        check_index(Shards(str(tmp_path)), name="data.content")
    (tmp_path / "index.tsv").write_text("a\tb\n")
    with pytest.raises(DataError, match="its columns should be split, name"):
        check_index(Shards(str(tmp_path) + "/"), name="data.content")
    monkeypatch.setattr(shards_module, "_TRIES", 1)
    with pytest.raises(DataError, match=r"nobody\.invalid"):
        check_index(Shards("http://nobody.invalid/x"), name="data.content")
    url, handler = served
    monkeypatch.setattr(handler, "ranges", False)
    with pytest.raises(UserError, match="its server gives no ranges"):
        Shards(url).crop(Shards(url).files("train")[1], 32, None)


def test_a_package_that_is_missing_is_told_at_once(monkeypatch):
    def not_installed(url):
        raise ImportError("Install s3fs to access S3")

    waits = []
    monkeypatch.setattr("fsspec.core.url_to_fs", not_installed)
    monkeypatch.setattr(shards_module.time, "sleep", waits.append)
    with pytest.raises(
        UserError, match=r"^s3://b/index\.tsv: Install s3fs to access S3; type: pip install s3fs"
    ) as told:
        shards_module._read("s3://b/index.tsv")
    assert "ConfigError" not in str(told.value) and not waits


def test_a_shard_cut_short_ends_the_run_and_a_damaged_image_is_skipped(folder, tmp_path):
    write_shards(folder, tmp_path / "s", shard_bytes=10**9)
    images = Shards(str(tmp_path / "s"))
    first, last = images.files("train")[0], images.files("train")[-1]
    shard = tmp_path / "s/train-000000.tar"
    content = bytearray(shard.read_bytes())
    member = shards_module._index(images.root)[first]
    content[member.offset : member.offset + member.n_bytes] = bytes(member.n_bytes)
    shard.write_bytes(bytes(content[: shards_module._index(images.root)[last].offset + 10]))
    with pytest.raises(DataError, match=f"{first}: cannot be read as an image"):
        images.crop(first, 32, None)
    with pytest.raises(UserError, match="cut short") as cut:
        images.crop(last, 32, None)
    assert not isinstance(cut.value, DataError)  # which would be skipped


def test_nothing_is_written_over_and_unreadable_files_are_left_out(tmp_path):
    write_images(tmp_path / "in", 4, seed=1)
    (tmp_path / "in/broken.jpg").write_bytes(b"no picture")
    images = ImageFolder(str(tmp_path / "in"), held_out=0.5)
    counts = write_shards(images, tmp_path / "out")
    assert sum(counts.values()) == 4
    with pytest.raises(UserError, match="holds shards already"):
        write_shards(images, tmp_path / "out")
    assert not [name for name in os.listdir(tmp_path / "out") if "partial" in name]


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="no folder that even root may not write")
def test_a_folder_that_takes_no_shards_is_told(folder):
    with pytest.raises(
        UserError, match=r"^/proc/x: shards cannot be written \(No such file or directory\); type another"
    ):
        write_shards(folder, Path("/proc/x"))


def test_a_full_disk_is_told(folder, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tarfile.TarFile, "addfile", full)
    with pytest.raises(
        UserError, match=r"shards cannot be written \(No space left on device\); type another shards=FOLDER$"
    ):
        write_shards(folder, tmp_path / "s")


def test_prepare_writes_what_train_reads(image_sets, tmp_path, caplog, train_config):
    caplog.set_level("INFO")
    assert (
        prepare(compose_config("prepare", ["dataset=folders", f"root={image_sets}", f"shards={tmp_path / 's'}"])) == 0
    )
    said = next(record.getMessage() for record in caplog.records if "train on them" in record.getMessage())
    typed = said.partition("stylegan_pl.train ")[2].split()
    data = build_data(train_config(*typed, "data.content.load_size=40"))
    data.prepare()
    expected = build_data(train_config("data.content.load_size=40", "data.style.load_size=null"))
    expected.prepare()
    assert len(data.train_set) == len(expected.train_set) == 10 and len(data.val_set) == 4
    for key in (PairKey(0, 3), PairKey(2, 9)):
        assert torch.equal(data.train_set[key].content, expected.train_set[key].content)
        assert torch.equal(data.train_set[key].style, expected.train_set[key].style)
    with pytest.raises(DataError, match=r"images looked at below .* are smaller than the crop of 64"):
        build_data(train_config(*typed, "image_size=64", "data.content.load_size=null")).prepare()
