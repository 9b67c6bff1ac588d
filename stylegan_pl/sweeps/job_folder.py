"""One job's folder in a sweep: its name, its status.json, and whether a process still works in it."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

ENDED_WELL = ("done", "pruned")


def folder_name(number: int) -> str:
    """007"""
    return f"{number:03d}"


def read_status(folder: Path) -> dict[str, Any]:
    """What status.json says; empty where the job has not begun."""
    path = folder / "status.json"
    return json.loads(path.read_text()) if path.is_file() else {}


def note(folder: Path, **facts: Any) -> None:
    """Merge facts into status.json, atomically. As the training's own `write_status`, but without importing torch."""
    status = {**read_status(folder), **facts, "updated": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "status.json.partial"
    partial.write_text(json.dumps(status, indent=2) + "\n")
    partial.replace(folder / "status.json")


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


def job_lock(folder: Path) -> Path:
    """The lock of a job."""
    return folder / ".working.lock"
