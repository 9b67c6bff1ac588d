"""Workers of a run that is killed end with it, also where a fork server started them: Python 3.14's way."""

import errno
import json
import os
import signal
import subprocess
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from stylegan_pl.errors import DataError
from stylegan_pl.training.run import run

RUN = """
import multiprocessing, os, signal
from stylegan_pl.data.loader import TrainLoader

if __name__ == "__main__":
    multiprocessing.set_forkserver_preload(["stylegan_pl.data.loader"])
    batches = iter(TrainLoader(range(1000), num_workers=2, multiprocessing_context="forkserver"))
    next(batches)
    with open("pids", "w") as file:
        print(*(worker.pid for worker in multiprocessing.active_children()), file=file)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def is_there(pid: int) -> bool:
    """Whether a process still does something."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux which processes there are")
def test_workers_end_with_a_run_that_is_killed(tmp_path):
    (tmp_path / "run.py").write_text(RUN)
    assert subprocess.run([sys.executable, "run.py"], cwd=tmp_path).returncode == -signal.SIGKILL
    workers = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    assert len(workers) == 2
    try:
        deadline = time.monotonic() + 20
        while left := [pid for pid in workers if is_there(pid)]:
            assert time.monotonic() < deadline, f"{left} still read pictures"
            time.sleep(0.05)
    finally:
        for pid in left:
            os.kill(pid, signal.SIGKILL)


def test_workers_that_cannot_be_started_are_told_of_in_a_line(train_config, tmp_path, monkeypatch):
    """Where a user may start no more processes; Lightning's teardown fails as well then."""

    def refused(*arguments: object) -> None:
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    monkeypatch.setattr(BaseProcess, "start", refused)
    line = r"^data\.workers=2: .* \(Resource temporarily unavailable\); type data\.workers=1$"
    with pytest.raises(DataError, match=line):
        run(train_config("max_images=8", "data.workers=2"))
    assert json.loads((tmp_path / "run/status.json").read_text())["state"] == "failed"
