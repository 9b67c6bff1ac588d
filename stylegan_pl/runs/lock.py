"""File locks, which the system lets go when their process dies, however it dies."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}  # what some network disks say


@contextmanager
def holding(path: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a lock; what holds it already in this process goes on. Where a disk has no locks, nobody is kept out.

    Args:
        path: of the lock's file; its folder is made.
        wait_s: seconds to wait for another process to let it go.

    Raises:
        Timeout: another process still holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock: Any = FileLock(path, is_singleton=True)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:  # an OSError as well
        raise
    except (NotImplementedError, OSError) as error:  # a system, or a disk, that has no locks
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
    try:
        yield
    finally:
        if lock.is_locked:
            lock.release()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock: asked of the system, so neither clocks nor process numbers matter."""
    if not path.exists():
        return False
    probe = FileLock(path)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    except (NotImplementedError, OSError):  # no locks there, so nobody can hold one
        return False
    probe.release()
    return False
