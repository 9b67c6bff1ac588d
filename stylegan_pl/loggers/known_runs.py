"""Keeps a run's ids in trackers in its folder, so that a resumed run continues there, and a new run in the same folder
gets a new id.
"""

from pathlib import Path

from stylegan_pl.runs.status import read_status, write_status

_KEY = "tracked_as"  # in status.json: tracker -> id


def known_id(run_dir: Path, tracker: str) -> str | None:
    """The run's id in a tracker; None if it has none."""
    found: str | None = (read_status(run_dir).get(_KEY) or {}).get(tracker)
    return found


def remember_id(run_dir: Path, tracker: str, run_id: str) -> None:
    """Save the run's id, for when it is resumed."""
    write_status(run_dir, **{_KEY: {**(read_status(run_dir).get(_KEY) or {}), tracker: run_id}})


def forget_ids(run_dir: Path) -> None:
    """Remove all ids, because a new run starts in the folder."""
    if read_status(run_dir).get(_KEY):
        write_status(run_dir, **{_KEY: {}})
