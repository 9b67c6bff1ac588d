"""Reads a run's folder for reports: curves, cost, symptoms."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from stylegan_pl.runs.curves import Curves, read_curves


class RunRecord:
    """A run's folder as `train` writes it; missing or malformed parts are left out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def curves(self) -> Curves:
        """All finite numbers of metrics.csv."""
        return read_curves(self.folder / "metrics.csv")

    def cost(self) -> dict[str, str]:
        """Facts of status.json, by label."""
        status = _read(self.folder / "status.json", dict)
        versions = status.get("versions")
        rows = {
            "images seen": (status.get("images_seen"), "{:,}"),
            "training": (status.get("seconds"), "{:,.0f} s"),
            "of it validations": (status.get("validation_seconds"), "{:,.0f} s"),
            "peak memory": (status.get("peak_memory_gib"), "{:.2f} GiB"),
            "state": (status.get("state"), "{}"),
            "code": (status.get("code_version"), "{}"),
            "torch": (versions.get("torch") if isinstance(versions, dict) else None, "{}"),
        }
        return {label: form.format(value) for label, (value, form) in rows.items() if _is(value, form)}

    def symptoms(self) -> list[str]:
        """The diagnosis, one line per symptom."""
        lines = []
        for row in _read(self.folder / "diagnosis.json", list):
            with suppress(KeyError, TypeError, ValueError):
                lines.append(f"{row['name']} at {row['images_seen']:,} images: {row['evidence']}; {row['advice']}")
        return lines


def _read(path: Path, kind: Callable[[], Any]) -> Any:
    """The JSON of a file if it has that type; otherwise an empty value."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return kind()
    return found if type(found) is kind else kind()


def _is(value: Any, form: str) -> bool:
    return type(value) is str if form == "{}" else type(value) in (int, float)
