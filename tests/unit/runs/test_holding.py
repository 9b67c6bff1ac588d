"""Whether a process still works somewhere is asked of the system: it lets go of a lock however the process ends."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from stylegan_pl.runs.lock import holding, is_held


def test_it_is_held_while_worked_in_and_free_after_a_kill(tmp_path: Path) -> None:
    lock = tmp_path / "below/.lock"
    assert not is_held(lock)
    with holding(lock):
        assert is_held(lock)
    assert not is_held(lock)
    script = (
        "import sys, time; from pathlib import Path; from stylegan_pl.runs.lock import holding\n"
        "with holding(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    other = subprocess.Popen([sys.executable, "-c", script, str(lock)], stdout=subprocess.PIPE, text=True)
    assert other.stdout is not None and other.stdout.readline() == "held\n"
    assert is_held(lock)
    with pytest.raises(Timeout), holding(lock):
        pass
    os.kill(other.pid, signal.SIGKILL)
    other.wait()
    assert not is_held(lock)
    assert lock.exists()  # it is the lock that counts, not the file


def test_what_holds_it_in_this_process_goes_on(tmp_path: Path) -> None:
    with holding(tmp_path / "lock"):
        with holding(tmp_path / "lock"):
            pass
        assert is_held(tmp_path / "lock")
    assert not is_held(tmp_path / "lock")


@pytest.mark.parametrize(("number", "goes_on"), [(errno.ENOLCK, True), (errno.EACCES, False)])
def test_a_disk_without_locks_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, goes_on: bool
) -> None:
    def acquire(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(FileLock, "acquire", acquire)
    worked = []
    try:
        with holding(tmp_path / "lock"):
            worked.append("here")
    except PermissionError:
        pass
    assert bool(worked) == goes_on
