"""A named pipe called x.jpg is passed over with a word by all that reads a set; opening it would wait for ever."""

import csv
import os
from pathlib import Path

import pytest
from images_on_disk import write_images

from stylegan_pl.data.check import check_folder
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Unpaired
from stylegan_pl.data.pairs import PairKey, StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.errors import DataError
from stylegan_pl.preparing.doctor.file_facts import look_at
from stylegan_pl.preparing.write_shards import write_shards


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    """The first of four files to train on."""
    write_images(tmp_path / "set/train", 3, size=16)
    path = tmp_path / "set/train/! first.jpg"
    os.mkfifo(path)
    return path


def test_a_check_counts_it_among_what_cannot_be_read(pipe: Path) -> None:
    folder = ImageFolder(str(pipe.parents[1]), held_out=0.0)
    check_folder(folder, name="data.content", size=16, limit=0.3)
    with pytest.raises(DataError, match=rf"1 of 4 images .* cannot be read, such as {pipe}"):
        check_folder(folder, name="data.content", size=16, limit=0.2)


def test_a_run_reads_the_next_and_lists_it(pipe: Path, tmp_path: Path) -> None:
    folder = ImageFolder(str(pipe.parents[1]), held_out=0.0)
    problems = Problems(tmp_path / "problems.csv", limit=0.5)
    pairs = StylePairs(folder, folder, Unpaired(), split="train", size=16, seed=0, problems=problems)
    assert pairs.contents[0] == pipe
    for index in range(4):
        assert pairs[PairKey(0, index)].content.shape == (3, 16, 16)
    rows = list(csv.DictReader((tmp_path / "problems.csv").open()))
    assert [row["file"] for row in rows] == [str(pipe)]
    assert "is a named pipe, not an image file" in rows[0]["reason"]


def test_the_doctor_tells_it(pipe: Path) -> None:
    assert look_at(pipe).problem == "is a named pipe, not an image file; remove it"


def test_shards_leave_it_out(pipe: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert write_shards(ImageFolder(str(pipe.parents[1]), held_out=0.0), tmp_path / "shards")["train"] == 3
    assert f"{pipe}: cannot be read as an image; left out" in caplog.text
