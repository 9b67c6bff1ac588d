"""The training loader: its workers ignore signals meant for the run, and end when the run ends."""

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from torch.utils.data import DataLoader

from stylegan_pl.contracts import StylePair
from stylegan_pl.errors import DataError, first_line
from stylegan_pl.runs.signals import ENDING

RUNS_OWN = [getattr(signal, name) for name in ENDING if hasattr(signal, name)]  # callbacks/graceful_stop.py has them


class WorkerDied(DataError):
    """A worker process died; the run is between two batches, so its state can be saved."""


class TrainLoader(DataLoader[StylePair]):
    """A `DataLoader` whose workers ignore the run's signals, end with the run, and whose death is an error.

    `timeout`, Slurm and terminals send signals to the whole process group, but the run still needs its workers to
    finish its batch.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "worker_init_fn": begin_as_a_worker})
        self._taken = 0  # batches
        self._waits_since: float | None = None

    def __iter__(self) -> Iterator[StylePair]:  # type: ignore[override]  # torch names a private class
        """Batches.

        Raises:
            WorkerDied: a worker died, at most five seconds ago; the message says how.
            DataError: the system starts no more processes.
        """
        try:
            with _held_back():  # so that a forked worker never receives one
                batches: Any = super().__iter__()
        except OSError as error:
            reason = error.strerror or first_line(error)
            raise DataError(
                f"data.workers={self.num_workers}: a process that reads pictures cannot be started ({reason}); type "
                f"data.workers={self.num_workers // 2}"
            ) from error
        self._batches, self._taken = batches, 0  # the first worker begins, also with workers that are kept
        if self.num_workers and hasattr(signal, "SIGCHLD") and threading.current_thread() is threading.main_thread():
            # torch's handler would raise anywhere, also in the middle of a step
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        return self._explained(batches)

    def close(self) -> None:
        """End the workers: an exception may keep the loader alive, and Python waits for child processes at exit."""
        batches: Any = getattr(self, "_batches", None)
        workers = getattr(batches, "_workers", [])  # without workers, `batches` is of another class
        try:
            if workers:
                batches._shutdown_workers()  # waits for seconds for one that hangs
        finally:  # also after another Ctrl-C
            for worker in workers:
                if worker.is_alive():  # it hangs, and ignores SIGTERM
                    worker.kill()

    def waited_s(self) -> float:
        """Seconds that the next batch has been waited for; 0 while nothing is waited for. From any thread."""
        since = self._waits_since
        return 0.0 if since is None else time.monotonic() - since

    def reader(self) -> int:
        """Id of the process that reads the next batch: workers take turns."""
        workers = getattr(getattr(self, "_batches", None), "_workers", [])
        return workers[self._taken % len(workers)].pid if workers else os.getpid()

    def _explained(self, batches: Any) -> Iterator[StylePair]:
        while True:
            self._waits_since = time.monotonic()
            try:
                batch = next(batches)
            except StopIteration:
                return
            except (RuntimeError, OSError, EOFError) as error:  # OSError, EOFError: died while it sent a batch
                if (dead := _dead(getattr(batches, "_workers", []))) is None:
                    raise
                raise WorkerDied(_how(dead, of=self.num_workers)) from error
            finally:
                self._waits_since = None
            self._taken += 1
            yield batch


def begin_as_a_worker(worker: int) -> None:
    """Set up a worker process; called by torch in each, with its number."""
    for number in RUNS_OWN:
        signal.signal(number, signal.SIG_IGN)
    sys.excepthook = _print_nothing
    threading.Thread(target=_end_with_the_run, daemon=True).start()


def _print_nothing(*raised: Any) -> None:
    """Print nothing: a worker's errors reach the run through its queue; others only say that the run was killed."""


def _end_with_the_run() -> None:
    """End the worker when the run is killed. Torch watches the parent process, but that may be a fork server."""
    run = multiprocessing.parent_process()
    assert run is not None
    wait([run.sentinel])  # ready when the run's process has ended
    os._exit(1)


@contextmanager
def _held_back() -> Iterator[None]:
    """Block the run's signals; processes forked meanwhile inherit the block."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows does not signal process groups
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, RUNS_OWN)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _dead(workers: list[Any]) -> Any | None:
    """The worker that died; waits a moment, because its connection closes before its exit code is known."""
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
