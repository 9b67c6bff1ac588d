"""A run's folder: the lock of the process that works in it, and its errors."""

import errno
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from filelock import Timeout

from stylegan_pl.errors import ConfigError, UserError, first_line
from stylegan_pl.runs.lock import holding
from stylegan_pl.runs.status import read_status

_log = logging.getLogger(__name__)

_RELEASED_S = 30.0  # seconds; the workers of a killed run hold its lock until they end
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO, errno.ESTALE}


def lock_of(folder: Path) -> Path:
    """The lock file of the process that works in a folder."""
    return folder / ".working.lock"


@contextmanager
def alone_in(
    folder: Path, *, doing: str = "run is training", option: str = "hydra.run.dir", wait_s: float = 0.0
) -> Iterator[None]:
    """Hold the folder's lock; the system releases it when this process ends, however it ends.

    If this process holds the lock already (a job of a sweep), it continues. On a file system without locks, nothing is
    protected.

    Args:
        doing: what the other process does, for the message: "another {doing} there".
        option: the option that names the folder, for the message.
        wait_s: seconds to wait for another process that works there.

    Raises:
        ConfigError: another process works there.
    """
    with ExitStack() as held:
        try:
            held.enter_context(holding(lock_of(folder), wait_s=wait_s))
        except Timeout:
            status = read_status(folder)
            if not _is_gone(status):
                raise ConfigError(_taken(folder, status, doing, option)) from None
            _log.info("%s: waiting for the workers of a killed run to end", folder)
            try:
                held.enter_context(holding(lock_of(folder), wait_s=_RELEASED_S))
            except Timeout:
                raise ConfigError(_taken(folder, status, doing, option)) from None
        yield


def _taken(folder: Path, status: dict[str, Any], doing: str, option: str) -> str:
    who = f" (process {status['pid']} on {status.get('host', 'this machine')})" if "pid" in status else ""
    return f"{folder}: another {doing} there{who}; wait until it ends, or type another {option}"


def _is_gone(status: dict[str, Any]) -> bool:
    """Whether the process that wrote a status ran on this machine and has ended."""
    if status.get("host") != socket.gethostname() or not isinstance(status.get("pid"), int):
        return False
    return not _is_there(status["pid"])


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"  # a zombie: its parent has not read its exit code
    except (OSError, IndexError):
        return True


def unwritable(error: BaseException, folder: Path) -> str | None:
    """The problem of a run's folder, in words; None if the error is about something else."""
    if not isinstance(error, OSError):
        return None
    named = error.filename if isinstance(error.filename, str) else None
    inside = named is not None and Path(named).absolute().is_relative_to(folder)
    above = named is not None and folder.is_relative_to(Path(named).absolute())
    if not (inside or above or error.errno in _OF_THE_DISK):
        return None
    return f"{named or folder}: cannot be written ({error.strerror or first_line(error)})"


def failed(reason: str, *, saved: Path | None) -> UserError:
    """The error of a run that ended because of its folder or its data."""
    if saved is None:
        return UserError(f"{reason}; nothing had been saved: repair that, and start again")
    return UserError(f"{reason}; the last good checkpoint is {saved}: repair that, then add resume=auto")
