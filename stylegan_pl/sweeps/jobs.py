"""Runs jobs with a launcher; if one fails, the others continue, and its folder records the reason."""

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from stylegan_pl.errors import ConfigError, first_line
from stylegan_pl.runs.folder import lock_of
from stylegan_pl.runs.lock import is_held
from stylegan_pl.runs.masked import masked
from stylegan_pl.runs.status import read_status, write_status
from stylegan_pl.sweeps.job_folder import ENDED_WELL, folder_name

_log = logging.getLogger(__name__)

RESUME = "resume=auto"

Job = tuple[int, list[str]]
"""Number, overrides."""


def launch(launcher: Launcher, jobs: Sequence[Job], sweep_dir: Path) -> None:
    """Run the jobs; afterwards each folder's status.json contains how its job ended.

    If a launcher fails because a job's process died (killed, out of memory), it is called again for the jobs that had
    not started, as long as some jobs start each time.
    """
    waiting = list(jobs)
    while waiting:
        folders = {number: sweep_dir / folder_name(number) for number, _ in waiting}
        before = {number: _written(folder) for number, folder in folders.items()}
        reasons: dict[int, str] = {}
        try:
            results = launcher.launch([_placed(number, overrides) for number, overrides in waiting], waiting[0][0])
            crash, reasons = None, {job[0]: _reason(result) for job, result in zip(waiting, results, strict=True)}
        except Exception as error:  # launchers raise errors of their own libraries
            crash = f"{type(error).__name__}: {first_line(error)}"
        begun = {number for number, folder in folders.items() if _written(folder) != before[number]}
        for number, overrides in waiting:
            if number in begun or crash is None or not begun:
                _settle(number, overrides, folders[number], crash or reasons[number])
        waiting = [job for job in waiting if job[0] not in begun] if crash is not None and begun else []


def _written(folder: Path) -> int | None:
    """When status.json was written, in nanoseconds; None if there is none."""
    path = folder / "status.json"
    return path.stat().st_mtime_ns if path.is_file() else None


def _reason(result: JobReturn) -> str:
    """The reason why a job ended, if the job did not record it."""
    if result.status is JobStatus.FAILED:
        return first_line(result._return_value)  # the public property would raise it
    return "its process ended without an error message"


def _placed(number: int, overrides: list[str]) -> list[str]:
    """Add the job's folder, because launchers number jobs without gaps, but a search's numbers may have gaps."""
    return [*overrides, f"hydra.sweep.subdir='{folder_name(number)}'"]


def _settle(number: int, overrides: list[str], folder: Path, reason: str) -> None:
    """Record that a job failed, unless it recorded how it ended."""
    if read_status(folder).get("state") in (None, "running") and not is_held(lock_of(folder)):
        write_status(folder, state="failed", error=reason, exit_code=1, overrides=masked(overrides))
        say_failed(folder.name, reason)


def say_failed(name: str, reason: str) -> None:
    """Print one line about a failed job."""
    print(f"error: job {name}: {reason}", file=sys.stderr, flush=True)


def refuse_used_folders(folders: Sequence[Path]) -> None:
    """Raise, before the first job, if a job's folder contains a run already."""
    for folder in folders:
        if has_checkpoint(folder):
            raise ConfigError(
                f"{folder} holds a run already; type resume=auto to continue that sweep, or another hydra.sweep.dir"
            )


def refuse_anothers(folder: Path, overrides: list[str]) -> None:
    """Raise if a job's folder contains a run with other options, whose weights resume=auto would use."""
    before = read_status(folder).get("overrides")
    if before is None or not has_checkpoint(folder):
        return
    if not are_same(before, overrides):
        raise ConfigError(
            f"{folder} holds another sweep's job ({' '.join(before)}); type another hydra.sweep.dir for this one"
        )


def are_same(overrides: Sequence[str], others: Sequence[str]) -> bool:
    """Whether two jobs' options are the same, whether resumed or not; what is masked in files is not compared."""
    return _kept(overrides) == _kept(others)


def _kept(overrides: Sequence[str]) -> list[str]:
    return [text for text in masked(list(overrides)) if text != RESUME]


def has_checkpoint(folder: Path) -> bool:
    """Whether a job's folder contains a run that can be resumed."""
    return (folder / "checkpoints" / "last.ckpt").exists()


def ended_well(folder: Path) -> bool:
    """Whether the job is done or pruned."""
    return read_status(folder).get("state") in ENDED_WELL
