"""A worker that is silent for ever keeps no run from being saved and stopped."""

import json
import os
import signal
import threading

import pytest
from faults.injections import At, last, run_with, silence_a_worker, workers
from torch.utils.data import _utils

from stylegan_pl.callbacks.graceful_stop import StoppedEarly
from stylegan_pl.data import loader
from stylegan_pl.training.run import run

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows stops no process")
CONFIG = ["max_images=20", "val_every_images=1000", "data.workers=1"]


class Silence:
    """Stops the worker, sends the run a signal while it waits, and after a minute lets the worker continue."""

    def __init__(self, number: signal.Signals) -> None:
        self.number, self.waited_in_vain = number, False

    def __call__(self) -> None:
        silence_a_worker()
        (self.worker,) = workers()
        threading.Timer(3, os.kill, (os.getpid(), self.number)).start()
        self.guard = threading.Timer(60, self.let_go)
        self.guard.start()

    def let_go(self) -> None:
        self.waited_in_vain = True
        os.kill(self.worker, signal.SIGCONT)


@pytest.fixture(autouse=True)
def ends_workers_soon(monkeypatch):
    monkeypatch.setattr(_utils, "MP_STATUS_CHECK_INTERVAL", 0.2)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130)])
def test_the_first_signal_saves_and_ends_the_run_that_waits(train_config, tmp_path, monkeypatch, number, code):
    silence = Silence(number)
    assert run_with(train_config(*CONFIG), monkeypatch, At(6, silence)) == code
    silence.guard.cancel()
    assert not silence.waited_in_vain
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert status["state"] == {75: "preempted", 130: "interrupted"}[code]
    assert 6 < last(tmp_path / "run")["images_seen"] < 20
    assert run(train_config(*CONFIG, "resume=auto")) == 0
    assert last(tmp_path / "run")["images_seen"] == 20


def begins_and_is_silent(worker: int) -> None:
    """In a worker: ask the run to end, and say nothing more."""
    os.kill(os.getppid(), signal.SIGTERM)
    os.kill(os.getpid(), signal.SIGSTOP)


def test_before_the_first_batch_there_is_nothing_to_save(train_config, tmp_path, monkeypatch):
    monkeypatch.setattr(loader, "begin_as_a_worker", begins_and_is_silent)
    guard = threading.Timer(60, lambda: [os.kill(pid, signal.SIGCONT) for pid in workers()])
    guard.start()
    with pytest.raises(StoppedEarly) as ended:
        run(train_config(*CONFIG))
    guard.cancel()
    assert ended.value.code == 75
    assert json.loads((tmp_path / "run/status.json").read_text())["state"] == "preempted"
    assert not list((tmp_path / "run").glob("checkpoints/*"))
