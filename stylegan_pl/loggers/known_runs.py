"""The ids that trackers know a run by, kept in its folder: a resumed folder goes on in the same run, a new one begins
its own, also at a path where another was.
"""

from pathlib import Path

from stylegan_pl.runs.status import read_status, write_status

_KEY = "tracked_as"  # in status.json: tracker -> id


def known_id(run_dir: Path, tracker: str) -> str | None:
    """What the tracker called this run; None: it does not know it."""
    found: str | None = (read_status(run_dir).get(_KEY) or {}).get(tracker)
    return found


def remember_id(run_dir: Path, tracker: str, run_id: str) -> None:
    """For the next time that the run is resumed."""
    write_status(run_dir, **{_KEY: {**(read_status(run_dir).get(_KEY) or {}), tracker: run_id}})


def forget_ids(run_dir: Path) -> None:
    """A run that starts anew in a folder is another one."""
    if read_status(run_dir).get(_KEY):
        write_status(run_dir, **{_KEY: {}})
