"""The training loader, whose workers outlive the signals that are the run's, and not the run."""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader

from stylegan_pl.contracts import StylePair
from stylegan_pl.errors import DataError

_NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")  # what the run itself hears: callbacks/graceful_stop.py
RUNS_OWN = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]  # Windows has no USR1


class WorkerDied(DataError):
    """A process that reads pictures is gone; the run stands between two batches, and can be saved."""


class TrainLoader(DataLoader[StylePair]):
    """A `DataLoader` whose workers ignore the run's signals, end with the run, and are told of when they die.

    `timeout`, Slurm and a terminal signal the whole process group. The run finishes its batch and needs its workers for
    it; they end with the run.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "worker_init_fn": begin_as_a_worker})

    def __iter__(self) -> Iterator[StylePair]:  # type: ignore[override]  # torch names a private class
        """Batches.

        Raises:
            WorkerDied: within five seconds of its death; says how it died.
        """
        with _held_back():  # a forked worker is deaf from its first instruction on
            batches: Any = super().__iter__()
        self._batches = batches
        if self.num_workers and hasattr(signal, "SIGCHLD") and threading.current_thread() is threading.main_thread():
            # torch's handler raises wherever the run is by then: in the middle of a step, too
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        return self._told(batches)

    def close(self) -> None:
        """End the workers: an error that ends the run holds on to them, and a process waits for its own at its end."""
        batches: Any = getattr(self, "_batches", None)
        workers = getattr(batches, "_workers", [])  # without any, batches are of another class
        if workers:
            batches._shutdown_workers()
        for worker in workers:
            if worker.is_alive():  # it is stuck; what would end others it does not hear
                worker.kill()

    def _told(self, batches: Any) -> Iterator[StylePair]:
        while True:
            try:
                batch = next(batches)
            except StopIteration:
                return
            except (RuntimeError, OSError, EOFError) as error:  # the latter where it died while it handed a batch over
                if (dead := _dead(getattr(batches, "_workers", []))) is None:
                    raise
                raise WorkerDied(_how(dead, of=self.num_workers)) from error
            yield batch


def begin_as_a_worker(worker: int) -> None:
    """What each worker does first; its number is of no account."""
    for number in RUNS_OWN:
        signal.signal(number, signal.SIG_IGN)
    sys.excepthook = _says_nothing
    threading.Thread(target=_end_with_the_run, daemon=True).start()


def _says_nothing(*raised: Any) -> None:
    """Errors of a worker reach the run by its queue; what is left is a connection that broke as the run was killed."""


def _end_with_the_run() -> None:
    """A run that is killed tells nobody. Torch's workers ask for their parent, which a fork server is in its place."""
    run = multiprocessing.parent_process()
    assert run is not None
    wait([run.sentinel])  # ready when the run has ended, however it did
    os._exit(1)


@contextmanager
def _held_back() -> Iterator[None]:
    """Signals of the run wait meanwhile; processes that are forked now never hear them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows, where no process hears another's
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, RUNS_OWN)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _dead(workers: list[Any]) -> Any | None:
    """The one that is no more, of a loader that has just failed; its end is seen a moment after its connections'."""
    for worker in workers:
        worker.join(0.2)
        if worker.exitcode is not None:
            return worker
    return None


def _how(worker: Any, *, of: int) -> str:
    which = f"a process that reads pictures (pid {worker.pid})"
    if worker.exitcode >= 0:
        return f"{which} ended with exit code {worker.exitcode}"
    shared = " or in /dev/shm" if Path("/dev/shm").is_dir() else ""
    return (
        f"{which} was killed by {signal.Signals(-worker.exitcode).name}; if there was too little room in main "
        f"memory{shared}, type data.workers={of // 2} for fewer of them"
    )
