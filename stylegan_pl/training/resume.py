"""Whether a run starts or resumes, from which checkpoint, and whether the typed options fit it."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig
from torch import nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.nn.training.image_pool import ImagePool
from stylegan_pl.pictures.crop_size import as_typed, in_words, sides
from stylegan_pl.runs.checkpoint import images_seen, load, newest_good, resolve
from stylegan_pl.runs.ranks import is_first, restarted
from stylegan_pl.runs.status import read_status
from stylegan_pl.training.training_state import check_training_state

_log = logging.getLogger(__name__)

_TRAINS = (
    *("model", "data", "augment", "seed", "precision", "image_size", "batch_size", "max_images", "max_epochs"),
    *("max_minutes", "val_every_images", "metric"),
)
"""The parts of a config that decide what is trained; the rest is about folders and loggers."""
_MEASURES = ("metric", "seed", "image_size", "data.content", "data.style", "data.val_pairs", "callbacks.evaluation")
_NOT_REPORTED = ("data.workers", "data.prefetch", "data.cache", "data.problems_csv", "callbacks.evaluation.cache")
_PLAYERS = ("generator_optimizer", "discriminator_optimizer")


def checkpoint_to_resume(config: DictConfig, run_dir: Path) -> Path | None:
    """The checkpoint to resume from, or None to start a new run.

    A run that a scheduler has started again, or that was preempted, resumes even if the user did not ask for it. Every
    rank decides by itself, and finds the same; only rank 0 refuses a folder that holds another run.

    Raises:
        ConfigError: the folder holds a run already, and the user did not ask to resume it; or one of its checkpoints
            may not be read.
    """
    if config.resume not in (None, "auto"):
        raise ConfigError(f"resume={config.resume}: {_instead(str(config.resume))}")
    given = None if config.ckpt_path is None else resolve(config.ckpt_path, option="ckpt_path")
    if given is not None:
        load(given)
        if given.resolve().is_relative_to(run_dir) and not restarted():
            return given
    goes_on = config.resume == "auto" or not is_first() or restarted() or was_preempted(run_dir)
    if not goes_on and (run_dir / "checkpoints" / "last.ckpt").exists():
        raise ConfigError(f"{run_dir} holds a run already; type resume=auto to continue it, or another hydra.run.dir")
    if (last := run_dir / "checkpoints" / "last.ckpt").is_dir():
        raise ConfigError(f"{last} is a folder, and the run saves to a file of that name; remove it: rm -r '{last}'")
    if goes_on:
        _check_permissions(run_dir)
    found = newest_good(run_dir) if goes_on else None
    if goes_on:
        _log.info("resuming from %s", found) if found else _log.info("nothing to resume in %s: starting new", run_dir)
    return found or given


def _check_permissions(run_dir: Path) -> None:
    """A checkpoint that may not be read is not damaged: a run that starts anew would replace it."""
    for path in (run_dir / "checkpoints").glob("*.ckpt"):
        try:
            path.open("rb").close()
        except PermissionError as error:
            raise ConfigError(
                f"{path}: you may not read it, and a new run would replace it; type chmod u+r '{path}', or another "
                "hydra.run.dir"
            ) from error
        except OSError:  # `newest_good` reports it
            continue


def _instead(typed: str) -> str:
    """What to type instead of a `resume=` that is not auto."""
    if typed.lower() in ("no", "false", "off", "0", "none"):
        return "leave it out to start a new run; resume=auto continues the run in hydra.run.dir"
    if Path(typed).exists():
        return f"type ckpt_path={typed} to continue from there"
    return "type resume=auto to continue the run in hydra.run.dir, or ckpt_path=RUN_OR_FILE"


def was_preempted(run_dir: Path) -> bool:
    """Whether a scheduler ended the run, also if it had restarted the run and then killed it without a signal."""
    status = read_status(run_dir)
    return status.get("state") == "preempted" or (
        status.get("state") == "running" and bool(status.get("started_again"))
    )


class NothingLeft(Exception):
    """The run to resume is finished; the message is the line to print."""


def check_is_left(path: Path, run_dir: Path, before: dict[str, Any], typed: dict[str, Any], *, budget: int) -> None:
    """Raise if nothing is left to train: the budget is used up, or the run stopped early.

    Args:
        path: the checkpoint to resume from.
        before: the folder's status, as it was found.
        typed: the run's config as plain data.
        budget: images in all.

    Raises:
        NothingLeft: the folder's own run is done.
        ConfigError: the checkpoint is of another folder, where no run has ended.
    """
    seen = int(images_seen(path))
    if seen >= budget:
        line = f"{path} has seen {seen:,} images of {budget:,}; to continue, type a larger max_images or max_epochs"
        if not path.resolve().is_relative_to(run_dir):
            raise ConfigError(line)
        raise NothingLeft(f"nothing left to train: {line}")
    early = "callbacks.early_stopping"
    ended = before.get("state") == "done" and before.get("images_seen") == seen and _at(typed, early) is not None
    if ended and not any(changes(load(path)["config"], typed, (*_TRAINS, early))):
        raise NothingLeft(
            f"nothing left to train: the run stopped early at {seen:,} images; to continue, type a larger "
            "callbacks.early_stopping.patience"
        )


# ------------------------------------------------------------------ typed options against the checkpoint's


def take_up(model: TwoPlayerModule, typed: dict[str, Any], path: Path) -> bool:
    """Report changed options; returns whether the best score so far is comparable with later ones.

    Args:
        model: as typed; it gets the checkpoint's weights.
        typed: the run's config as plain data.
        path: the checkpoint to resume from.

    Raises:
        ConfigError: an option was changed that must stay as it is in a resumed run; the message says what to type.
        UserError: the checkpoint's counters or optimizer states do not fit.
    """
    checkpoint = load(path)
    before = checkpoint["config"]
    changed = dict(changes(before, typed, _TRAINS))
    _refuse_other_optimizers(changed)
    try:
        model.load_state_dict(checkpoint["state_dict"])
    except Exception as error:  # torch lists every key in a line of its own; a module's extra state raises other errors
        raise ConfigError(_unfitting(path, {k: v for k, v in changed.items() if _is_of_networks(k)})) from error
    _refuse_another_size(model, typed)
    check_training_state(model, checkpoint, path)
    lines = [f"{key} {_short(was)} → {_short(now)}" for key, (was, now) in changed.items() if key not in _NOT_REPORTED]
    if lines and is_first():
        _log.info("changed from here on: %s", ", ".join(lines))
    return not [key for key, _ in changes(before, typed, _MEASURES) if key not in _NOT_REPORTED]


def changes(before: Any, now: Any, below: tuple[str, ...]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """(path, (before, now)) of every value below these paths that differs between two configs."""
    for path in below:
        yield from _differences(_at(before, path), _at(now, path), path)


def _differences(before: Any, now: Any, path: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in [*before, *(key for key in now if key not in before)]:
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}")
    elif before != now:
        yield path, (before, now)


def _at(config: Any, path: str) -> Any:
    for key in path.split("."):
        config = config.get(key) if isinstance(config, dict) else None
    return config


def _refuse_other_optimizers(changed: dict[str, tuple[Any, Any]]) -> None:
    """Refuse another kind of optimizer: its state does not fit. Learning rates and betas may change."""
    for key, (was, now) in changed.items():
        owner = key.removeprefix("model.").partition(".")[0]
        kind = key.endswith("._target_") or isinstance(was, bool) or isinstance(now, bool)
        if owner in _PLAYERS and (kind or key == f"model.{owner}"):
            raise ConfigError(
                f"{key}={_short(now)}: the checkpoint holds the state of {_short(was)}, which no other can use; "
                f"type {key}={_short(was)}, or start a new run in another hydra.run.dir"
            )


def _refuse_another_size(model: nn.Module, typed: dict[str, Any]) -> None:
    """Refuse another image size if the pool holds fakes: one batch cannot have two sizes."""
    for pool in model.modules():
        if isinstance(pool, ImagePool) and (held := pool.picture_size) not in (None, sides(typed["image_size"])):
            raise ConfigError(
                f"image_size={typed['image_size']}: the checkpoint keeps earlier fakes of {in_words(held)} px for the "
                f"discriminator; type image_size={as_typed(*held)}, or model.game.pool_size=0 to drop them"
            )


def _is_of_networks(key: str) -> bool:
    """Whether an option changes which weights a model has."""
    if key.startswith("model.mechanics."):
        return key == "model.mechanics.ema_half_life_images"  # null: no average
    return key.startswith("model.") and key.split(".")[1] not in (*_PLAYERS, "schedule")


def _unfitting(path: Path, changed: dict[str, tuple[Any, Any]]) -> str:
    if not changed:
        return (
            f"{path}: its weights do not fit the networks of this config; perhaps another version of stylegan_pl wrote "
            "it: continue with that version, or start a new run in another hydra.run.dir"
        )
    typed = ", ".join(f"{key}={_short(now)}" for key, (_, now) in changed.items())
    instead = " ".join(f"{key}={_short(was)}" for key, (was, _) in changed.items())
    return (
        f"{typed}: the checkpoint {path} holds the weights of other networks; type {instead}, or start a new run in "
        "another hydra.run.dir"
    )


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("_target_", "{…}")).rpartition(".")[2]
    return "null" if value is None else str(value)
