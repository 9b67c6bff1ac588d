"""Every file a run skipped stands once in one table, and a bad set ends the run."""

import contextlib
import csv
import itertools
import threading
from pathlib import Path

import pytest
from PIL import Image
from torch.utils.data import DataLoader

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Unpaired
from stylegan_pl.data.pairs import StylePairs
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.sampler import PairStream
from stylegan_pl.errors import DataError

SIBLINGS = [Path(f"set/{number}.jpg") for number in range(40)]


def rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_no_problem_leaves_no_table(tmp_path: Path) -> None:
    problems = Problems(tmp_path / "problems.csv")
    assert problems.read() == {}
    assert not problems.path.exists()


def test_a_table_has_a_header_and_one_row_a_file(tmp_path: Path) -> None:
    path = tmp_path / "run" / "problems.csv"  # the folder is made
    problems = Problems(path)
    reason = 'truncated, "quoted"\nand in two lines; ×'
    problems.report(SIBLINGS[0], reason, SIBLINGS)
    problems.report(SIBLINGS[1], "empty", SIBLINGS)
    problems.report(SIBLINGS[0], "met again", SIBLINGS)
    assert rows(path) == [["file", "reason"], ["set/0.jpg", reason], ["set/1.jpg", "empty"]]
    assert problems.read() == {"set/0.jpg": reason, "set/1.jpg": "empty"}


def test_a_resumed_run_goes_on_with_its_table(tmp_path: Path) -> None:
    for _ in range(2):
        Problems(tmp_path / "problems.csv").report(SIBLINGS[0], "empty", SIBLINGS)
    Problems(tmp_path / "problems.csv").report(SIBLINGS[1], "empty", SIBLINGS)
    assert rows(tmp_path / "problems.csv") == [["file", "reason"], ["set/0.jpg", "empty"], ["set/1.jpg", "empty"]]


def test_more_than_five_percent_end_the_run_in_words(tmp_path: Path) -> None:
    problems = Problems(tmp_path / "problems.csv")
    problems.report(SIBLINGS[0], "empty", SIBLINGS)
    problems.report(SIBLINGS[1], "empty", SIBLINGS)  # 2 of 40 are five percent, not more
    with pytest.raises(
        DataError,
        match=r"3 of 40 images cannot be used, more than 5% \(the last: it is torn\); remove or mend the files "
        r"listed in .*problems\.csv",
    ):
        problems.report(SIBLINGS[2], "it is torn", SIBLINGS)
    assert len(rows(tmp_path / "problems.csv")) == 4  # the last straw is listed, too


def test_sets_are_counted_apart(tmp_path: Path) -> None:
    problems = Problems(tmp_path / "problems.csv")
    others = [Path(f"other/{number}.jpg") for number in range(40)]
    for number in range(2):
        problems.report(SIBLINGS[number], "empty", SIBLINGS)
        problems.report(others[number], "empty", others)
    assert len(problems.read()) == 4


@pytest.mark.parametrize(("limit", "let_pass"), [(0.0, 0), (0.5, 2), (1.0, 4)])
def test_the_limit_is_the_share_let_pass(tmp_path: Path, limit: float, let_pass: int) -> None:
    problems = Problems(tmp_path / "problems.csv", limit=limit)
    files = SIBLINGS[:4]
    for file in files[:let_pass]:
        problems.report(file, "empty", files)
    if let_pass < 4:
        with pytest.raises(DataError, match=rf"{let_pass + 1} of 4 images cannot be used, more than {limit:.0%}"):
            problems.report(files[let_pass], "empty", files)


class SlowToLook(Problems):
    """All who meet a file look at the table before any of them writes: what several workers can do at any time."""

    def __init__(self, path: Path, parties: int) -> None:
        super().__init__(path)
        self.barrier = threading.Barrier(parties)

    def read(self) -> dict[str, str]:
        found = super().read()
        with contextlib.suppress(threading.BrokenBarrierError):  # they look one by one: a lock is held, as good
            self.barrier.wait(timeout=0.3)
        return found


def test_a_file_met_by_several_workers_at_once_is_listed_once(tmp_path: Path) -> None:
    problems = SlowToLook(tmp_path / "problems.csv", parties=3)
    workers = [threading.Thread(target=problems.report, args=(SIBLINGS[0], "empty", SIBLINGS)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert rows(problems.path) == [["file", "reason"], ["set/0.jpg", "empty"]]


def test_a_name_that_is_no_utf8_can_be_listed(tmp_path: Path) -> None:
    name = Path("set") / b"caf\xe9.jpg".decode("utf-8", "surrogateescape")
    problems = Problems(tmp_path / "problems.csv")
    problems.report(name, "empty", [*SIBLINGS, name])
    problems.report(name, "empty", [*SIBLINGS, name])
    assert len(problems.read()) == 1


# --- through a real loader


def make_pairs(root: Path, count: int, bad: list[int]) -> StylePairs:
    for side in ("content", "style"):
        (root / side / "train").mkdir(parents=True)
        for number in range(count):
            Image.new("RGB", (4, 4), (number, 0, 0)).save(root / side / "train" / f"{number:02}.png")
    for number in bad:
        (root / "content" / "train" / f"{number:02}.png").write_text("no picture")
    folders = [ImageFolder(str(root / side), held_out=0.0) for side in ("content", "style")]
    return StylePairs(
        *folders, Unpaired(), split="train", size=4, seed=0, problems=Problems(root / "problems.csv")
    )  # fmt: skip


def reds(pairs: StylePairs, workers: int, batches: int) -> list[int]:
    stream = PairStream(len(pairs), batch_size=4, seed=0, rank=0, ranks=1, position=lambda: 0)
    iterator = iter(DataLoader(pairs, batch_sampler=stream, num_workers=workers))
    try:
        return [red for batch in itertools.islice(iterator, batches) for red in batch.content[:, 0, 0, 0].tolist()]
    finally:  # an error's traceback would keep the workers until the garbage collector fights them for seconds
        if workers:
            iterator._shutdown_workers()  # type: ignore[attr-defined]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_file_among_many_is_skipped_and_listed_once(tmp_path: Path, workers: int) -> None:
    seen = reds(make_pairs(tmp_path, 20, bad=[5]), workers, batches=15)  # three epochs of 20
    expected = [*range(5), 6, *range(6, 20)]  # the next takes its place
    assert all(sorted(seen[start : start + 20]) == expected for start in (0, 20, 40))
    table = rows(tmp_path / "problems.csv")
    assert table[0] == ["file", "reason"]
    assert [Path(file).name for file, _ in table[1:]] == ["05.png"]
    assert "cannot be read as an image" in table[1][1]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_bad_set_ends_the_run_from_a_worker_too(tmp_path: Path, workers: int) -> None:
    pairs = make_pairs(tmp_path, 20, bad=[5, 6])
    with pytest.raises(DataError, match=r"2 of 20 images cannot be used, more than 5% \(the last: .*0[56]\.png"):
        reds(pairs, workers, batches=5)
