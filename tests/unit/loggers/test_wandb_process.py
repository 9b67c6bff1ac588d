"""W&B's process may hang, at the start of a run and at its end: the run does not."""

import logging
import os
import signal
import time

import pytest
import wandb
from lightning.pytorch.loggers import WandbLogger
from wandb.sdk import wandb_setup

from stylegan_pl.errors import ConfigError
from stylegan_pl.loggers import wandb_process
from stylegan_pl.loggers.steady import steady
from stylegan_pl.loggers.wandb import run_wandb
from stylegan_pl.loggers.wandb_process import end_process, finish_run, sending_s
from stylegan_pl.training import fit as fit_module
from stylegan_pl.training.run import run


@pytest.fixture(autouse=True)
def nobodys(tmp_path, monkeypatch):
    """No settings and no key of whoever runs the tests, and nothing left running."""
    for name in [name for name in os.environ if name.startswith("WANDB")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    yield
    end_process(within_s=0)
    wandb.run = None


def process():
    return wandb_setup.singleton().ensure_service()._proc._process


def freeze() -> None:
    """W&B's process takes what it is sent, as far as buffers go, and answers nothing."""
    os.kill(process().pid, signal.SIGSTOP)


def said(caplog) -> list[str]:
    """By us; W&B logs for itself, to a file."""
    return [record.getMessage() for record in caplog.records if record.name.startswith("stylegan_pl")]


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A run's logger, kept offline, that waits for nothing longer than some seconds."""
    monkeypatch.setattr(wandb_process, "_CLOSING_S", 2.0)
    monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "1")
    logger = steady(run_wandb(str(tmp_path / "run"), project="p", name="n", offline=True), "wandb")
    assert wandb.run is not None
    return logger


def test_a_process_that_hangs_at_the_end_is_killed_and_told_with_how_to_send_the_run(opened, tmp_path, caplog):
    hangs, started = process(), time.monotonic()
    freeze()
    with caplog.at_level(logging.WARNING):
        finish_run()
    assert hangs.poll() == -signal.SIGKILL
    assert time.monotonic() - started < 30
    (line,) = said(caplog)
    (folder,) = (tmp_path / "run/wandb").glob("offline-run-*")
    assert line == (
        f"W&B: its run could not be closed (NoAnswer: no answer within 3 s); send it later: wandb sync {folder}"
    )


def test_a_process_that_hangs_in_the_midst_is_killed_and_told_once(opened, caplog):
    hangs = process()
    freeze()
    opened.patience_s = 1.0
    much = {f"loss/{number}": 0.5 for number in range(20_000)}  # more than a socket's buffer takes
    with caplog.at_level(logging.WARNING):
        for step in range(5):
            opened.log_metrics(much, step=step)
    (line,) = said(caplog)
    assert line.startswith("logger.wandb failed and is left alone from now on (NoAnswer: no answer within 1 s)")
    assert hangs.poll() == -signal.SIGKILL
    with caplog.at_level(logging.WARNING):
        finish_run()
    assert "; send it later: wandb sync " in said(caplog)[1] and wandb.run is None


def test_a_run_that_ends_well_says_nothing_and_leaves_no_process(opened, caplog):
    ends = process()
    opened.log_metrics({"loss": 0.5}, step=1)
    with caplog.at_level(logging.WARNING):
        finish_run()
    assert not said(caplog) and ends.poll() == 0 and wandb.run is None
    finish_run()  # nothing is left to close
    assert not said(caplog)


def test_a_process_that_cannot_reach_its_server_and_never_ends_keeps_nothing_from_going_on_offline(
    tmp_path, monkeypatch, caplog
):
    """W&B waits for it for ever; seen where the connection broke before the process had read that it was to end."""
    hung, opens = [], WandbLogger.experiment

    def experiment(logger):
        if hung:
            return opens.fget(logger)
        hung.append(process())
        freeze()
        raise wandb.errors.CommError("no answer")

    monkeypatch.setattr("stylegan_pl.loggers.wandb._CLOSING_S", 0.5)
    monkeypatch.setattr(WandbLogger, "experiment", property(experiment))
    with caplog.at_level(logging.WARNING):
        logger = steady(run_wandb(str(tmp_path), project="p", name="n", offline=False), "wandb")
    assert logger is not None and hung[0].poll() == -signal.SIGKILL
    (line,) = said(caplog)
    assert line.startswith("W&B cannot be reached (no answer), so the run is kept offline; send it later: wandb sync")
    assert wandb.run.settings.mode == "offline" and process().poll() is None


def test_a_run_that_is_refused_once_wandb_is_open_closes_it(train_config, monkeypatch):
    opened = []

    def refuses(*_):
        opened.append(process())
        raise ConfigError("not so")

    monkeypatch.setattr(fit_module, "announce", refuses)
    with pytest.raises(ConfigError, match="not so"):
        run(train_config("logger=wandb"))
    assert wandb.run is None and opened[0].poll() == 0


@pytest.mark.parametrize(("told", "seconds"), [(None, 60), ("5", 5), ("0", 86_400), ("soon", 60)])
def test_how_long_the_end_may_take_is_wandbs_own_variable(monkeypatch, told, seconds):
    if told is not None:
        monkeypatch.setenv("WANDB_FINISH_TIMEOUT", told)
    assert sending_s() == seconds
