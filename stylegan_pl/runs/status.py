"""status.json of a run's folder: written by the process that works there, read by people, sweeps and reports."""

import json
import time
from pathlib import Path
from typing import Any

from stylegan_pl.pictures.whole_file import written_whole


def read_status(folder: Path) -> dict[str, Any]:
    """The content of status.json; empty if it is missing or damaged by a power cut."""
    path = folder / "status.json"
    try:
        status = json.loads(path.read_text()) if path.is_file() else {}
    except (ValueError, RecursionError):
        return {}
    return status if isinstance(status, dict) else {}


def write_status(folder: Path, **facts: Any) -> None:
    """Merge facts into status.json, atomically.

    The most important fact is `state`: running, done, failed, preempted, interrupted or pruned.
    """
    replace_status(folder, {**read_status(folder), **facts, "updated": time.strftime("%Y-%m-%dT%H:%M:%S%z")})


def replace_status(folder: Path, status: dict[str, Any]) -> None:
    """Replace status.json, atomically."""
    with written_whole(folder / "status.json") as partial:
        partial.write_text(json.dumps(status, indent=2) + "\n")
