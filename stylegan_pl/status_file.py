"""status.json of a run's folder: read by people, sweeps and reports, written by whoever works there."""

import json
import time
from pathlib import Path
from typing import Any


def read_status(folder: Path) -> dict[str, Any]:
    """What it says; empty where there is none."""
    path = folder / "status.json"
    status: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return status


def write_status(folder: Path, **facts: Any) -> None:
    """Merge facts into it, atomically.

    Among them is mostly `state`: running, done, failed, preempted, interrupted or pruned.
    """
    status = {**read_status(folder), **facts, "updated": time.strftime("%Y-%m-%dT%H:%M:%S%z")}
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "status.json.partial"
    partial.write_text(json.dumps(status, indent=2) + "\n")
    partial.replace(folder / "status.json")
