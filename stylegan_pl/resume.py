"""Whether a run begins or goes on, and from which checkpoint."""

import logging
from pathlib import Path

from omegaconf import DictConfig

from stylegan_pl.checkpoint import load, newest_good, resolve
from stylegan_pl.errors import ConfigError
from stylegan_pl.ranks import is_first, restarted
from stylegan_pl.status_file import read_status

_log = logging.getLogger(__name__)


def checkpoint_to_resume(config: DictConfig, run_dir: Path) -> Path | None:
    """The checkpoint to go on from, or None to start.

    What a scheduler has started again, and what was preempted, goes on without being told. Every rank finds the same by
    itself: rank 0 may refuse a folder that holds a run, so for the others it is one to go on with.

    Raises:
        ConfigError: the folder holds a run already, and nothing says that it should go on.
    """
    if config.resume not in (None, "auto"):
        raise ConfigError(f"resume={config.resume}: {_instead(str(config.resume))}")
    given = None if config.ckpt_path is None else resolve(config.ckpt_path, option="ckpt_path")
    if given is not None:
        load(given)
        if given.resolve().is_relative_to(run_dir) and not restarted():
            return given
    goes_on = config.resume == "auto" or not is_first() or restarted() or _was_preempted(run_dir)
    if not goes_on and (run_dir / "checkpoints" / "last.ckpt").exists():
        raise ConfigError(f"{run_dir} holds a run already; type resume=auto to continue it, or another hydra.run.dir")
    found = newest_good(run_dir) if goes_on else None
    if goes_on:
        _log.info("resuming from %s", found) if found else _log.info("nothing to resume in %s: starting", run_dir)
    return found or given


def _instead(typed: str) -> str:
    """What to type for a `resume=` that is not auto."""
    if typed.lower() in ("no", "false", "off", "0", "none"):
        return "leave it out to start anew; resume=auto goes on with what hydra.run.dir holds"
    if Path(typed).exists():
        return f"type ckpt_path={typed} to go on from there"
    return "type resume=auto to go on with what hydra.run.dir holds, or ckpt_path=RUN_OR_FILE"


def _was_preempted(run_dir: Path) -> bool:
    return read_status(run_dir).get("state") == "preempted"
