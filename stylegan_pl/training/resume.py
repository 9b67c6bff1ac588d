"""Whether a run starts or resumes, and from which checkpoint."""

import logging
from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.checkpoint import images_seen, load, newest_good, resolve
from stylegan_pl.runs.ranks import is_first, restarted
from stylegan_pl.runs.status import read_status
from stylegan_pl.training.changed_options import TRAINED, at, changes

_log = logging.getLogger(__name__)


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


def check_is_left(
    path: Path, run_dir: Path, before: dict[str, Any], typed: dict[str, Any], *, budget: int, limit: str
) -> None:
    """Raise if nothing is left to train: the budget is used up, or the run stopped early.

    Args:
        path: the checkpoint to resume from.
        before: the folder's status, as it was found.
        typed: the run's config as plain data.
        budget: images in all.
        limit: the option that limits them.

    Raises:
        NothingLeft: the folder's own run is done.
        ConfigError: the checkpoint is of another folder, where no run has ended.
    """
    seen = int(images_seen(path))
    if seen >= budget:
        line = f"{path} has seen {seen:,} images of {budget:,}; to continue, type a larger {limit}"
        if not path.resolve().is_relative_to(run_dir):
            raise ConfigError(line)
        raise NothingLeft(f"nothing left to train: {line}")
    early = "callbacks.early_stopping"
    ended = before.get("state") == "done" and before.get("images_seen") == seen and at(typed, early) is not None
    if ended and not any(changes(load(path)["config"], typed, (*TRAINED, early))):
        raise NothingLeft(
            f"nothing left to train: the run stopped early at {seen:,} images; to continue, type a larger "
            "callbacks.early_stopping.patience"
        )
