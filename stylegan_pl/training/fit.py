"""Builds data, model and trainer, and trains; Lightning's errors become lines that a user can act on."""

import logging
import signal
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import lightning as L
from omegaconf import DictConfig

from stylegan_pl.callbacks.checkpoints import RunCheckpoints
from stylegan_pl.callbacks.early_stopping import EarlyStopping
from stylegan_pl.callbacks.graceful_stop import GracefulStop, StoppedWaiting
from stylegan_pl.callbacks.status import code_version
from stylegan_pl.config.lightning_switches import lightnings_refusals
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.errors import UserError, first_line
from stylegan_pl.loggers.csv import RunCSV
from stylegan_pl.loggers.wandb_process import finish_run
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.nn.pretrained.shapes import shapes_only
from stylegan_pl.runs.checkpoint import images_seen, load
from stylegan_pl.runs.device import device_name, half_precision, is_out_of_memory, total_memory
from stylegan_pl.runs.masked import masked
from stylegan_pl.runs.outcome import ENDED, Outcome
from stylegan_pl.runs.painters import NEAREST
from stylegan_pl.training.build import build_data, build_model, build_trainer, plain
from stylegan_pl.training.changed_options import take_up
from stylegan_pl.training.memory_advice import out_of_memory_advice
from stylegan_pl.training.nearest_painter import nearest_painter
from stylegan_pl.training.open_run import keep_config
from stylegan_pl.training.resume import check_is_left
from stylegan_pl.training.silent_loader import silence_told
from stylegan_pl.training.start_from import start_from
from stylegan_pl.training.summary import announce, conclude
from stylegan_pl.training.training_state import cannot_go_on, was_restoring

_log = logging.getLogger(__name__)


def fit(config: DictConfig, run_dir: Path, checkpoint: Path | None, before: dict[str, Any]) -> tuple[Outcome, bool]:
    """Train.

    Args:
        checkpoint: the one to resume from; None: a new run.
        before: status.json of the previous start.

    Returns:
        The outcome, and whether a scheduler should requeue the run.
    """
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


def _chosen(source: str, model: TwoPlayerModule, data: StyleTransferData) -> str:
    """`start_from` as typed; `painter:nearest` is replaced by the painter that suits these sets."""
    if source != NEAREST:
        return source
    # many crops, because with a few the result would depend on their scenes
    found, likeness = nearest_painter(model, data.training_sets(photographs=64))
    ranked = ", ".join(f"{name} {cosine:.2f}" for name, cosine in likeness.items())
    _log.info("%s: how far each painter changes photographs towards your paintings (at most 1): %s", NEAREST, ranked)
    return found


def _take_up(
    config: DictConfig, run_dir: Path, checkpoint: Path, before: dict[str, Any], model: TwoPlayerModule,
    data: StyleTransferData,
) -> bool:  # fmt: skip
    """Check that the run can resume from a checkpoint; returns whether its scores can be compared with new ones.

    Raises:
        NothingLeft: the budget is used up.
        ConfigError: the checkpoint does not fit the model or the config.
    """
    typed = masked(plain(config))  # as the checkpoint's: a masked value is no changed option
    comparable = take_up(model, typed, checkpoint)
    model.on_load_checkpoint(load(checkpoint))
    budget = model.clock.total_images(data.epoch_images)
    limit = "max_minutes" if budget == model.clock.images_in_time else "max_images or max_epochs"
    check_is_left(checkpoint, run_dir, before, typed, budget=budget, limit=limit)
    return comparable


def _open_records(
    config: DictConfig, run_dir: Path, checkpoint: Path | None, model: TwoPlayerModule, data: StyleTransferData,
    trainer: L.Trainer,
) -> None:  # fmt: skip
    """Rank 0: write a resumed run's config.yaml, remove metrics.csv's rows after the checkpoint, announce the run."""
    if checkpoint is not None:
        keep_config(config, run_dir)
    for logger in trainer.loggers:
        if isinstance(logger, RunCSV):
            logger.drop_rows_after(0 if checkpoint is None else images_seen(checkpoint))
    announce(config, model, data, trainer)
    for logger in trainer.loggers:  # W&B's config; metrics.csv has config.yaml beside it
        logger.log_hyperparams({**masked(plain(config)), "code_version": code_version()})


def _train(
    config: DictConfig, checkpoint: Path | None, model: TwoPlayerModule, data: StyleTransferData, trainer: L.Trainer,
    stop: GracefulStop | None,
) -> None:  # fmt: skip
    """Call Lightning's `fit`, and explain its errors.

    Raises:
        StoppedEarly: a scheduler's signal before anything was trained.
        UserError: memory ran out, the checkpoint cannot be restored, or another error that the user can correct.
        KeyboardInterrupt: a second Ctrl-C, or one before anything was trained.
    """
    alone = trainer.world_size == 1
    listening = nullcontext() if stop is None else stop.listening(data.waited_s) if alone else stop.listening()
    try:
        with lightnings_refusals(config), listening, silence_told(data, stop):
            trainer.fit(model, data, ckpt_path=None if checkpoint is None else str(checkpoint), weights_only=True)
    except UserError:
        raise
    except StoppedWaiting as stopped:
        if model.clock.images_seen == 0:  # there is no state to save: it ends as while setting up
            signal.raise_signal(stopped.number)
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
    """An error, or the one before it: if the loader could not start, Lightning's teardown raises a second error."""
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
