"""One training run, as its folder knows it: one process at a time, resuming, status.json, and how it ended."""

import logging
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from stylegan_pl.callbacks.checkpoint_file import NotSaved
from stylegan_pl.callbacks.graceful_stop import StoppedEarly, ending_at_once
from stylegan_pl.callbacks.sample_grid import NotDrawn
from stylegan_pl.callbacks.status import peak_memory_gib
from stylegan_pl.data.loader import WorkerDied
from stylegan_pl.distributed.requeue import requeue
from stylegan_pl.errors import ConfigError, UserError, first_line
from stylegan_pl.loggers.wandb_process import finish_run
from stylegan_pl.runs.checkpoint import newest_good
from stylegan_pl.runs.folder import alone_in, failed, unwritable
from stylegan_pl.runs.outcome import ENDED, Outcome
from stylegan_pl.runs.ranks import is_first
from stylegan_pl.runs.status import read_status, replace_status, write_status
from stylegan_pl.training.fit import fit
from stylegan_pl.training.open_run import open_run
from stylegan_pl.training.process_settings import settings_restored
from stylegan_pl.training.quiet import quiet_libraries, silence_logs
from stylegan_pl.training.resume import NothingLeft, checkpoint_to_resume

_log = logging.getLogger(__name__)


def run(config: DictConfig) -> Outcome:
    """Train by a composed `TrainConfig`; returns the exit code with the best value of the monitored score.

    Raises:
        UserError: an error that the user can correct; its line is also in status.json.
    """
    quiet_libraries()
    if not is_first():
        silence_logs()
    run_dir = Path(config.run_dir).resolve()
    with settings_restored(), ending_at_once():
        try:
            with alone_in(run_dir) if is_first() else nullcontext():
                return _run(config, run_dir)
        except OSError as error:
            if (reason := unwritable(error, run_dir)) is None:
                raise
            raise failed(reason, saved=newest_good(run_dir)) from error
        finally:
            finish_run()  # W&B may be open although the run was refused


def _run(config: DictConfig, run_dir: Path) -> Outcome:
    checkpoint = checkpoint_to_resume(config, run_dir)
    before = read_status(run_dir)
    if is_first():
        open_run(config, run_dir, resuming=checkpoint is not None)
    started = time.monotonic()
    try:
        outcome, again = fit(config, run_dir, checkpoint, before)
    except NothingLeft as over:
        _log.info("%s", over)
        if is_first():
            replace_status(run_dir, {**read_status(run_dir), **before, "state": ENDED[0], "error": None})
        return Outcome(0, before.get("best_score"))
    except BaseException as error:
        explained = _with_the_last_good(error, run_dir)
        if is_first():
            _note_failure(explained, run_dir, before)
        if isinstance(explained, StoppedEarly) and explained.wants_requeue:
            requeue()
        if explained is error:
            raise
        raise explained from error
    if is_first():
        earlier = before.get("seconds") or 0.0 if checkpoint is not None else 0.0
        seconds = round(earlier + time.monotonic() - started, 1)
        write_status(run_dir, state=ENDED[outcome], seconds=seconds, peak_memory_gib=peak_memory_gib())
    if again:
        requeue()
    return outcome


def _with_the_last_good(error: BaseException, run_dir: Path) -> BaseException:
    """An error of the run's folder or data, with the last checkpoint added; other errors are unchanged."""
    if isinstance(error, WorkerDied | NotSaved | NotDrawn):
        return failed(str(error), saved=newest_good(run_dir))
    if (reason := unwritable(error, run_dir)) is not None:
        return failed(reason, saved=newest_good(run_dir))
    return error


def _note_failure(error: BaseException, run_dir: Path, before: dict[str, Any]) -> None:
    """Write to status.json how the run ended; a refused run leaves status.json unchanged."""
    try:
        if isinstance(error, KeyboardInterrupt):
            write_status(run_dir, state="interrupted")
        elif isinstance(error, StoppedEarly):
            saved = newest_good(run_dir)
            _log.info("stopped before anything was trained" if saved is None else f"stopped; {saved} has all of it")
            write_status(run_dir, state="preempted")
        elif isinstance(error, ConfigError) and before:
            replace_status(run_dir, before)
        else:
            line = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {first_line(error)}"
            write_status(run_dir, state="failed", error=line)
    except OSError:
        pass  # the disk that ended the run is full
