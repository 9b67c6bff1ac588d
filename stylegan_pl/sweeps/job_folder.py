"""One job's folder in a sweep: its name, and whether a process still works in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

ENDED_WELL = ("done", "pruned")


def folder_name(number: int) -> str:
    """007"""
    return f"{number:03d}"


def home_mark(sweep_dir: Path) -> Path:
    """The file that marks a sweep's folder as a study's."""
    return sweep_dir / ".workers" / "home"


def is_a_studys(sweep_dir: Path) -> bool:
    """Whether a folder's jobs are trials of a study, not of a grid."""
    return home_mark(sweep_dir).exists()


@contextmanager
def working_in(lock: Path) -> Iterator[None]:
    """Hold a lock that the system lets go when this process dies, however it dies.

    Where another process holds it, or the file system has no locks, go on without.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    held = FileLock(lock)
    try:
        held.acquire(timeout=0)
    except (Timeout, NotImplementedError, OSError):
        yield
        return
    try:
        yield
    finally:
        held.release()


def is_worked_in(lock: Path) -> bool:
    """Whether some process holds the lock: asked of the system, so neither clocks nor process numbers matter."""
    if not lock.exists():
        return False
    probe = FileLock(lock)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    except (NotImplementedError, OSError):
        return False
    probe.release()
    return False
