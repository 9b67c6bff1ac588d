"""Signals to a whole process group, dead workers, and signals before anything has been trained."""

import json
import os
import signal
from pathlib import Path

import pytest
import torch
from faults.injections import At, kill_a_worker, last, run_with, signal_to_the_group
from lightning import Callback

from stylegan_pl.errors import UserError
from stylegan_pl.runs.checkpoint import newest_good
from stylegan_pl.training import fit as fit_module
from stylegan_pl.training import run as run_module
from stylegan_pl.training.run import run

LONG = ["max_images=400", "val_every_images=1000", "data.workers=2"]


def state(run_dir: Path) -> str:
    return json.loads((run_dir / "status.json").read_text())["state"]


@pytest.mark.usefixtures("hears_sighup")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 75), (signal.SIGINT, 130), (signal.SIGHUP, 75)])
def test_a_signal_to_the_whole_group_leaves_the_workers_to_their_run(train_config, tmp_path, monkeypatch, number, code):
    ended = run_with(train_config(*LONG), monkeypatch, At(6, lambda: signal_to_the_group(number)))
    assert ended == code
    assert last(tmp_path / "run")["images_seen"] == 8


@pytest.mark.parametrize(("number", "ends"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_signal_again_while_the_run_saves_does_not_cost_what_is_saved(
    train_config, tmp_path, monkeypatch, number, ends
):
    def save(checkpoint, file, *, to=torch.save) -> None:
        file.write(b"PK")
        os.kill(os.getpid(), number)
        file.seek(0)
        to(checkpoint, file)

    def first() -> None:
        monkeypatch.setattr(torch, "save", save)
        os.kill(os.getpid(), number)

    with pytest.raises(ends):
        run_with(train_config(*LONG), monkeypatch, At(6, first))
    monkeypatch.undo()
    saved = newest_good(tmp_path / "run")
    assert saved is not None and torch.load(saved, weights_only=True)["images_seen"] == 8
    assert not list((tmp_path / "run/checkpoints").glob(".*"))
    assert state(tmp_path / "run") == ("interrupted" if number == signal.SIGINT else "preempted")


class KilledInValidation(Callback):
    """As by a scheduler that waits no longer."""

    class Killed(BaseException):
        """Nobody catches it."""

    def on_validation_start(self, trainer, pl_module) -> None:
        if not trainer.sanity_checking:
            raise self.Killed


def test_what_is_told_to_end_saves_before_it_validates(train_config, tmp_path, monkeypatch):
    """Schedulers wait for seconds, and a validation may take minutes."""
    with pytest.raises(KilledInValidation.Killed):
        signalled = At(6, lambda: os.kill(os.getpid(), signal.SIGTERM))
        run_with(train_config(*LONG), monkeypatch, signalled, KilledInValidation())
    assert last(tmp_path / "run")["images_seen"] == 8


def test_a_second_ctrl_c_interrupts_at_once_and_is_called_so(train_config, tmp_path, monkeypatch):
    def twice() -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_with(train_config(*LONG), monkeypatch, At(6, twice))
    assert state(tmp_path / "run") == "interrupted"


def test_a_killed_worker_ends_the_run_in_a_line_with_what_was_reached_saved(train_config, tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"was killed by SIGKILL; if there was too little room") as told:
        run_with(train_config(*LONG), monkeypatch, At(6, kill_a_worker))
    line = str(told.value)
    assert "\n" not in line and f"{tmp_path / 'run/checkpoints/last.ckpt'}" in line and "resume=auto" in line
    assert last(tmp_path / "run")["images_seen"] >= 6
    assert state(tmp_path / "run") == "failed"
    assert run(train_config("max_images=20", "resume=auto", "val_every_images=1000")) == 0


def while_setting_up(monkeypatch, fault) -> None:
    """The fault happens where the model would be built."""
    monkeypatch.setattr(fit_module, "build_model", lambda config: fault())


def test_terminated_again_while_setting_up_a_preempted_run_still_goes_on_untold(train_config, tmp_path, monkeypatch):
    config = train_config("max_images=8", "val_every_images=1000")
    assert run_with(config, monkeypatch, At(2, lambda: os.kill(os.getpid(), signal.SIGTERM))) == 75
    with monkeypatch.context() as patched:
        while_setting_up(patched, lambda: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(SystemExit) as ended:
            run(config)
    assert ended.value.code == 75 and state(tmp_path / "run") == "preempted"

    class Killed(BaseException):
        """No word is written by a process that is killed."""

    def killed() -> None:
        raise Killed

    with monkeypatch.context() as patched:
        while_setting_up(patched, killed)
        patched.setattr(run_module, "_note_failure", lambda *told: None)
        with pytest.raises(Killed):
            run(config)
    assert state(tmp_path / "run") == "running"
    assert run(config) == 0
    assert last(tmp_path / "run")["images_seen"] == 8


def test_terminated_once_more_behind_the_last_save_says_what_is_saved(train_config, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(fit_module, "conclude", lambda *told: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(SystemExit) as ended:
        run(train_config("max_images=4", "val_every_images=1000"))
    assert ended.value.code == 75 and state(tmp_path / "run") == "preempted"
    assert f"stopped; {tmp_path / 'run/checkpoints/last.ckpt'} has all of it" in caplog.messages
    assert last(tmp_path / "run")["images_seen"] == 4


def test_ctrl_c_while_setting_up_is_an_interruption_and_no_failure(train_config, tmp_path, monkeypatch):
    while_setting_up(monkeypatch, lambda: os.kill(os.getpid(), signal.SIGINT))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background ignores Ctrl-C
    try:
        with pytest.raises(KeyboardInterrupt):
            run(train_config())
    finally:
        signal.signal(signal.SIGINT, before)
    assert state(tmp_path / "run") == "interrupted"
