"""One training run: check, build, fit, and report the result."""

import logging
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import lightning as L
from omegaconf import DictConfig

from stylegan_pl.callbacks.checkpoint_file import NotSaved
from stylegan_pl.callbacks.checkpoints import RunCheckpoints
from stylegan_pl.callbacks.early_stopping import EarlyStopping
from stylegan_pl.callbacks.graceful_stop import GracefulStop, StoppedEarly, ending_at_once
from stylegan_pl.callbacks.sample_grid import NotDrawn
from stylegan_pl.callbacks.status import code_version, peak_memory_gib
from stylegan_pl.config.lightning_switches import lightnings_refusals
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.data.loader import WorkerDied
from stylegan_pl.distributed.requeue import requeue
from stylegan_pl.errors import ConfigError, UserError, first_line
from stylegan_pl.loggers.csv import RunCSV
from stylegan_pl.loggers.wandb_process import finish_run
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.nn.pretrained.shapes import shapes_only
from stylegan_pl.runs.checkpoint import images_seen, newest_good
from stylegan_pl.runs.device import device_name, half_precision, is_out_of_memory, total_memory
from stylegan_pl.runs.folder import alone_in, failed, unwritable
from stylegan_pl.runs.outcome import ENDED, Outcome
from stylegan_pl.runs.painters import NEAREST
from stylegan_pl.runs.ranks import is_first
from stylegan_pl.runs.status import read_status, replace_status, write_status
from stylegan_pl.training.build import build_data, build_model, build_trainer, plain
from stylegan_pl.training.memory_advice import out_of_memory_advice
from stylegan_pl.training.nearest_painter import nearest_painter
from stylegan_pl.training.open_run import keep_config, open_run
from stylegan_pl.training.process_settings import taken_back
from stylegan_pl.training.quiet import quiet_libraries, say_nothing
from stylegan_pl.training.resume import NothingLeft, check_is_left, checkpoint_to_resume, take_up
from stylegan_pl.training.start_from import start_from
from stylegan_pl.training.summary import announce, conclude
from stylegan_pl.training.training_state import cannot_go_on, was_restoring

_log = logging.getLogger(__name__)


def run(config: DictConfig) -> Outcome:
    """Train by a composed `TrainConfig`; returns the exit code with the best value of the monitored score.

    Raises:
        UserError: an error that the user can correct; its line is also in status.json.
    """
    quiet_libraries()
    if not is_first():
        say_nothing()
    run_dir = Path(config.run_dir).resolve()
    with taken_back(), ending_at_once():
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
        outcome, again = _fit(config, run_dir, checkpoint, before)
    except NothingLeft as over:
        _log.info("%s", over)
        if is_first():
            replace_status(run_dir, {**read_status(run_dir), **before, "state": ENDED[0], "error": None})
        return Outcome(0, before.get("best_score"))
    except BaseException as error:
        told = _with_the_last_good(error, run_dir)
        if is_first():
            _note_failure(told, run_dir, before)
        if isinstance(told, StoppedEarly) and told.wants_requeue:
            requeue()
        if told is error:
            raise
        raise told from error
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
            said = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {first_line(error)}"
            write_status(run_dir, state="failed", error=said)
    except OSError:
        pass  # the disk that ended the run is full


def _chosen(source: str, model: TwoPlayerModule, data: StyleTransferData) -> str:
    """`start_from` as typed; `painter:nearest` is replaced by the painter that suits these sets."""
    if source != NEAREST:
        return source
    # many crops, because with a few the result would depend on their scenes
    found, likeness = nearest_painter(model, data.training_sets(photographs=64))
    ranked = ", ".join(f"{name} {cosine:.2f}" for name, cosine in likeness.items())
    _log.info("%s: how far each painter changes photographs towards your paintings (at most 1): %s", NEAREST, ranked)
    return found


def _fit(config: DictConfig, run_dir: Path, checkpoint: Path | None, before: dict[str, Any]) -> tuple[Outcome, bool]:
    """Train; returns the outcome, and whether a scheduler should requeue; `before`: the previous status.json."""
    started = time.monotonic()
    L.seed_everything(config.seed, workers=True, verbose=False)
    data = build_data(config)
    data.prepare()
    model = build_model(config)
    if config.start_from is not None and checkpoint is None:
        _log.info("%s", start_from(model, _chosen(config.start_from, model, data)))
    comparable = checkpoint is None or _take_up(config, run_dir, checkpoint, before, model, data)
    with lightnings_refusals(config):
        trainer = build_trainer(config, run_dir)
    for callback in _callbacks(trainer):
        if isinstance(callback, RunCheckpoints | EarlyStopping):
            callback.comparable = comparable
    if trainer.is_global_zero:
        _open_records(config, run_dir, checkpoint, model, data, trainer)
    stop = next((c for c in _callbacks(trainer) if isinstance(c, GracefulStop)), None)
    _train(config, checkpoint, model, data, trainer, stop)
    code, again = (0, False) if stop is None else (stop.exit_code, stop.wants_requeue)
    if trainer.is_global_zero:
        conclude(trainer, run_dir, time.monotonic() - started, ENDED[code])
    score = next((c.best_score for c in _callbacks(trainer) if isinstance(c, RunCheckpoints)), None)
    return Outcome(code, score), again


def _take_up(
    config: DictConfig, run_dir: Path, checkpoint: Path, before: dict[str, Any], model: TwoPlayerModule,
    data: StyleTransferData,
) -> bool:  # fmt: skip
    """Check that the run can resume from a checkpoint; returns whether its scores can be compared with new ones.

    Raises:
        NothingLeft: the budget is used up.
        ConfigError: the checkpoint does not fit the model or the config.
    """
    comparable = take_up(model, plain(config), checkpoint)
    budget = model.mechanics.total_images(data.epoch_images)
    check_is_left(checkpoint, run_dir, before, plain(config), budget=budget)
    return comparable


def _open_records(
    config: DictConfig, run_dir: Path, checkpoint: Path | None, model: TwoPlayerModule, data: StyleTransferData,
    trainer: L.Trainer,
) -> None:  # fmt: skip
    """Rank 0: write config.yaml, remove rows of metrics.csv after the checkpoint, and announce the run."""
    keep_config(config, run_dir)
    for logger in trainer.loggers:
        if isinstance(logger, RunCSV):
            logger.drop_rows_after(0 if checkpoint is None else images_seen(checkpoint))
    announce(config, model, data, trainer)
    for logger in trainer.loggers:  # W&B's config; metrics.csv has config.yaml beside it
        logger.log_hyperparams({**plain(config), "code_version": code_version()})


def _train(
    config: DictConfig, checkpoint: Path | None, model: TwoPlayerModule, data: StyleTransferData, trainer: L.Trainer,
    stop: GracefulStop | None,
) -> None:  # fmt: skip
    """Call Lightning's `fit`, and explain its errors.

    Raises:
        UserError: memory ran out, the checkpoint cannot be restored, or another error that the user can correct.
        KeyboardInterrupt: a second Ctrl-C.
    """
    try:
        with lightnings_refusals(config), nullcontext() if stop is None else stop.listening():
            trainer.fit(model, data, ckpt_path=None if checkpoint is None else str(checkpoint), weights_only=True)
    except UserError:
        raise
    except SystemExit as left:
        if isinstance(left.__context__, KeyboardInterrupt):  # Lightning leaves with 1 after a second Ctrl-C
            raise KeyboardInterrupt from left
        raise
    except Exception as raised:  # any other error is raised again
        error = _first_raised(raised)
        if isinstance(error, UserError):
            raise error from None
        if is_out_of_memory(error):
            raise UserError(_out_of_memory(config, trainer)) from error
        if checkpoint is not None and was_restoring(error):
            raise cannot_go_on(checkpoint, f"{type(error).__name__}: {first_line(error)}") from error
        if error is not raised:
            raise error from None
        raise
    finally:
        data.close()
        finish_run()


def _first_raised(error: Exception) -> Exception:
    """An error, or the one before it: Lightning's teardown fails, too, where the loader could not begin."""
    before = error.__context__
    return before if isinstance(before, Exception) and "iter(combined_loader)" in str(error) else error


def _out_of_memory(config: DictConfig, trainer: L.Trainer) -> str:
    with shapes_only():
        shapes = build_model(config)
    device = trainer.strategy.root_device
    return out_of_memory_advice(
        shapes, image_size=config.image_size, batch_size=config.batch_size, device=device_name(device),
        capacity_bytes=total_memory(device), half=not trainer.precision.startswith("32"),
        half_there=half_precision(device.type),
    )  # fmt: skip


def _callbacks(trainer: L.Trainer) -> list[L.Callback]:
    return trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
