"""Reads the curves of a run from its metrics.csv."""

import csv
import math
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

Curves = dict[str, list[tuple[float, float]]]
"""Log name -> (images seen, value)."""


def read_curves(path: Path) -> Curves:
    """All finite numbers; empty if there is no file, and up to where a damaged one can be read."""
    found: Curves = defaultdict(list)
    if path.is_file():
        with path.open(newline="", encoding="utf-8", errors="replace") as file, suppress(csv.Error):
            for row in csv.DictReader(file):
                _add(found, row)
    return dict(found)


def _add(curves: Curves, row: dict[str, str]) -> None:
    if not row.get("images_seen"):
        return
    for name, text in row.items():
        with suppress(TypeError, ValueError):  # a truncated row may hold text
            if "/" in name and text and math.isfinite(value := float(text)):
                curves[name].append((float(row["images_seen"]), value))
