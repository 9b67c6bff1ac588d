"""The typed options of a resumed run against its checkpoint's: what changed, and what may not change."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from torch import nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.nn.training.image_pool import ImagePool
from stylegan_pl.pictures.crop_size import as_typed, in_words, sides
from stylegan_pl.runs.checkpoint import load
from stylegan_pl.runs.ranks import is_first
from stylegan_pl.training.training_state import check_training_state

_log = logging.getLogger(__name__)

TRAINED = (
    *("model", "data", "augment", "seed", "precision", "image_size", "batch_size", "max_images", "max_epochs"),
    *("max_minutes", "val_every_images", "metric"),
)
"""The parts of a config that decide what is trained; the rest is about folders and loggers."""
_MEASURES = (
    *("metric", "seed", "image_size", "data.content", "data.style", "data.val_pairs", "data.val_size"),
    "callbacks.evaluation",
)
_NOT_REPORTED = ("data.workers", "data.prefetch", "data.cache", "data.problems_csv", "callbacks.evaluation.cache")
_AS_BEFORE = ("first_frame", False)  # a set of an older run has no such key, and reads its files so
_PLAYERS = ("generator_optimizer", "discriminator_optimizer")


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
    changed = dict(changes(before, typed, TRAINED))
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
        yield from _differences(at(before, path), at(now, path), path)


def _differences(before: Any, now: Any, path: str) -> Iterator[tuple[str, tuple[Any, Any]]]:
    if isinstance(before, dict) and isinstance(now, dict):
        added = [key for key in now if key not in before and (key, now[key]) != _AS_BEFORE]
        for key in [*before, *added]:
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}")
    elif before != now:
        yield path, (before, now)


def at(config: Any, path: str) -> Any:
    """The value at a path with dots of nested dicts; None if there is none."""
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
