"""Reads the curves of a run from its metrics.csv."""

import csv
import math
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

Point = tuple[float, float]
"""Images seen, value."""
Curves = dict[str, list[Point]]
"""Log name -> points."""

_MOST = 1000  # points kept of a loss; a page draws 300


def read_curves(path: Path) -> Curves:
    """All finite numbers; empty if there is no file, and up to where a damaged one can be read.

    A training reads its own curves every half minute, so its memory must not grow with them: of losses and other terms
    of training, neighbours are averaged where there are 2,000 points or more, equally many everywhere. Scores stay.
    """
    found: dict[str, _Curve] = defaultdict(_Curve)
    if path.is_file():
        with path.open(newline="", encoding="utf-8", errors="replace") as file, suppress(csv.Error):
            for row in csv.DictReader(file):
                _add(found, row)
    return {name: curve.whole() for name, curve in found.items()}


class _Curve:
    def __init__(self) -> None:
        self.points: list[Point] = []
        self.each = 1  # number of neighbours whose average a point is
        self.next: list[Point] = []

    def add(self, point: Point, *, most: float) -> None:
        self.next.append(point)
        if len(self.next) == self.each:
            self.points.append(_mean(self.next))
            self.next.clear()
        if len(self.points) >= 2 * most:
            self.points = [_mean(pair) for pair in zip(self.points[::2], self.points[1::2], strict=True)]
            self.each *= 2

    def whole(self) -> list[Point]:
        return [*self.points, _mean(self.next)] if self.next else self.points


def _mean(points: Sequence[Point]) -> Point:
    return sum(images for images, _ in points) / len(points), sum(value for _, value in points) / len(points)


def _add(curves: dict[str, _Curve], row: dict[str, str]) -> None:
    if not row.get("images_seen"):
        return
    for name, text in row.items():
        with suppress(TypeError, ValueError):  # a truncated row may hold text
            if "/" in name and text and math.isfinite(value := float(text)):
                most = _MOST if name.startswith("train/") else math.inf
                curves[name].add((float(row["images_seen"]), value), most=most)
