"""File locks that the system releases when their process ends, however it ends."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

_NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}  # error numbers of some network disks


@contextmanager
def holding(path: Path, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold a lock; nested use in one process is allowed. On a disk without locks nothing is protected.

    Args:
        path: of the lock's file; its folder is made.
        wait_s: seconds to wait for another process to release it.

    Raises:
        Timeout: another process still holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock: Any = FileLock(path, is_singleton=True)
    try:
        lock.acquire(timeout=wait_s)
    except Timeout:  # an OSError as well
        raise
    except (NotImplementedError, OSError) as error:  # a system or a disk without locks
        if isinstance(error, OSError) and error.errno not in _NO_LOCKS:
            raise
    try:
        yield
    finally:
        if lock.is_locked:
            lock.release()


def is_held(path: Path) -> bool:
    """Whether some process holds the lock; the system knows it, without clocks or process numbers."""
    if not path.exists():
        return False
    probe = FileLock(path)
    try:
        probe.acquire(timeout=0)
    except Timeout:
        return True
    except (NotImplementedError, OSError):  # a disk without locks: nobody holds one
        return False
    probe.release()
    return False
