"""However a loader finds out that a worker is dead, it says which and how; other errors stay what they are."""

import signal
from types import SimpleNamespace

import pytest

from stylegan_pl.data.loader import TrainLoader, WorkerDied


class Failing:
    """An iterator of a loader, and its one worker's exit code."""

    def __init__(self, error: Exception, code: int | None) -> None:
        self.error, self._workers = error, [SimpleNamespace(pid=7, exitcode=code, join=lambda seconds: None)]

    def __next__(self) -> None:
        raise self.error


FOUND_OUT = [
    RuntimeError("DataLoader worker (pid(s) 7) exited unexpectedly"),
    ConnectionResetError(104, "Connection reset by peer"),
    FileNotFoundError(2, "No such file or directory"),  # the socket that the batch was to come by
    EOFError(),
]


@pytest.mark.parametrize("error", FOUND_OUT, ids=lambda error: type(error).__name__)
def test_a_dead_worker_is_told_in_a_line(error):
    loader = TrainLoader([1, 2])
    with pytest.raises(WorkerDied, match=r"\(pid 7\) was killed by SIGKILL; .* type data\.workers=0 for fewer") as told:
        next(loader._explained(Failing(error, -signal.SIGKILL)))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("error", FOUND_OUT, ids=lambda error: type(error).__name__)
def test_an_error_while_all_workers_live_stays_what_it_is(error):
    with pytest.raises(type(error)) as told:
        next(TrainLoader([1, 2])._explained(Failing(error, None)))
    assert told.value is error


class Waited:
    """Three batches of a loader with two workers; notes what the loader says while each is waited for."""

    _workers = (SimpleNamespace(pid=7), SimpleNamespace(pid=8))

    def __init__(self, loader: TrainLoader) -> None:
        self.loader, self.said = loader, []

    def __next__(self) -> int:
        if len(self.said) == 3:
            raise StopIteration
        self.said.append((self.loader.waited_s() > 0, self.loader.reader()))
        return len(self.said)


def test_a_loader_says_whether_it_is_waited_for_and_for_which_worker():
    loader = TrainLoader([1, 2], num_workers=2)
    loader._batches = Waited(loader)
    idle = [loader.waited_s() for _ in loader._explained(loader._batches)]
    assert loader._batches.said == [(True, 7), (True, 8), (True, 7)]
    assert [*idle, loader.waited_s()] == [0, 0, 0, 0]


def test_the_first_worker_reads_first_in_every_pass():
    loader = TrainLoader([1, 2, 3], num_workers=2, batch_size=None, persistent_workers=True)
    try:
        first = [loader.reader() for _ in loader]  # who reads the batch after each
        assert [loader.reader() for _ in loader] == first and first[0] != first[1]
    finally:
        loader.close()
