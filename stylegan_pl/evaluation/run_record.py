"""What a run's folder tells of its training: curves, cost, symptoms."""

import csv
import json
import math
from collections import defaultdict
from pathlib import Path

from stylegan_pl.status_file import read_status

Curves = dict[str, list[tuple[float, float]]]
"""Log name -> (images seen, value)."""


class RunRecord:
    """A run's folder, as `train` leaves it; what is not there is left out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def curves(self) -> Curves:
        """Every number of metrics.csv that is finite."""
        path = self.folder / "metrics.csv"
        found: Curves = defaultdict(list)
        if path.is_file():
            with path.open(newline="") as file:
                for row in csv.DictReader(file):
                    _add(found, row)
        return dict(found)

    def cost(self) -> dict[str, str]:
        """What status.json tells, by label."""
        status = read_status(self.folder)
        told = {
            "images seen": (status.get("images_seen"), "{:,}"),
            "training": (status.get("seconds"), "{:,.0f} s"),
            "of it validations": (status.get("validation_seconds"), "{:,.0f} s"),
            "peak memory": (status.get("peak_memory_gib"), "{:.2f} GiB"),
            "state": (status.get("state"), "{}"),
            "code": (status.get("code_version"), "{}"),
            "torch": (status.get("versions", {}).get("torch"), "{}"),
        }
        return {label: form.format(value) for label, (value, form) in told.items() if value is not None}

    def symptoms(self) -> list[str]:
        """Lines of the diagnosis."""
        path = self.folder / "diagnosis.json"
        rows = json.loads(path.read_text()) if path.is_file() else []
        return [f"{row['name']} at {row['images_seen']:,} images: {row['evidence']}; {row['advice']}" for row in rows]


def _add(curves: Curves, row: dict[str, str]) -> None:
    if not row.get("images_seen"):
        return
    for name, text in row.items():
        if "/" in name and text and math.isfinite(value := float(text)):
            curves[name].append((float(row["images_seen"]), value))
