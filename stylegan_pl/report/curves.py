"""Charts of losses and scores against images seen, as shapes for the template."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stylegan_pl.report.axis import Axis, axis_of
from stylegan_pl.report.contents import Entry, Report
from stylegan_pl.report.numbers import short

WIDTH, HEIGHT = 360, 210
LEFT, TOP, RIGHT, BOTTOM = 46, 10, 350, 182  # of the plotted area

Points = Sequence[tuple[float, float]]

_MOST = 300  # most points of a drawn line
_FEW = 15  # most points for which each gets a mark
_NOISY = 20  # number of points from which a loss is smoothed
_HALF_LIFE = 0.02  # share of a loss's points, for its running average
_LABEL_ROWS = 15  # height of a label, with room above it
_ANCHORS = ("floor", "recoloured", "ceiling")
_REDUNDANT = "_gap_closed"  # the same score on another scale
_RATES = ("learning_rate", "images_per_second")


@dataclass(frozen=True)
class Line:
    """The line of one entry; `points` is in the format of an SVG polyline."""

    entry: int
    points: str
    smooth: str | None  # the running average, where the line is noisy
    marks: list[tuple[float, float]]  # positions of marks, if there are few points


@dataclass(frozen=True)
class Chart:
    """The chart of one log name, for all entries that have it."""

    title: str
    name: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    anchors: list[tuple[float, str]]  # (row, floor, recoloured or ceiling)
    lines: list[Line]
    log: bool
    summary: str  # in words, for screen readers


@dataclass(frozen=True)
class Group:
    """Charts that belong together."""

    title: str
    charts: list[Chart]


def groups(report: Report) -> list[Group]:
    """Scores first, then generator and discriminator, then rates; empty if no entry has curves."""
    names = list(dict.fromkeys(name for entry in report.entries for name in entry.curves))
    found: dict[str, list[Chart]] = {}
    for name in names:
        if not _is_part_of_another(name, names) and (made := chart(name, report.entries)):
            found.setdefault(_group(name), []).append(made)
    first = ("Scores on validation photographs", "Generator")
    rank = {title: (title == "Rates", first.index(title) if title in first else 2) for title in found}
    return [Group(title, found[title]) for title in sorted(found, key=rank.__getitem__)]


def chart(name: str, entries: Sequence[Entry]) -> Chart | None:
    """The chart of a log name; None if no entry has a finite value."""
    curves = {i: _finite(entry.curves.get(name, [])) for i, entry in enumerate(entries)}
    curves = {i: points for i, points in curves.items() if points}
    if not curves:
        return None
    anchors = _anchors(name, entries)
    values = [value for points in curves.values() for _, value in points] + [value for _, value in anchors]
    y = axis_of(values, BOTTOM, TOP)
    x = axis_of([0.0, *(images for points in curves.values() for images, _ in points)], LEFT, RIGHT, may_be_log=False)
    noisy = not name.startswith("val/") and not name.endswith("learning_rate")
    return Chart(
        title=_title(name),
        name=name,
        x_ticks=x.ticks(),
        y_ticks=y.ticks(),
        anchors=_labelled([(y.place(value), label) for label, value in anchors]),
        lines=[_line(i, points, x, y, noisy=noisy) for i, points in curves.items()],
        log=y.log,
        summary="; ".join(f"{entries[i].name}: {_describe(points)}" for i, points in curves.items()),
    )


def averaged(values: Sequence[float], half_life: float) -> list[float]:
    """Exponential average with a half-life in steps, corrected for its start: the first average is the first value."""
    decay = 0.5 ** (1 / half_life)
    total = weight = 0.0
    found = []
    for value in values:
        total, weight = decay * total + value, decay * weight + 1
        found.append(total / weight)
    return found


def thinned(points: Points, most: int = _MOST) -> list[tuple[float, float]]:
    """At most `most` points, by averaging neighbours; the ends of the x axis move by at most half a bucket."""
    size = math.ceil(len(points) / most)
    buckets = [points[i : i + size] for i in range(0, len(points), size)] if size > 1 else []
    means = [(sum(x for x, _ in b) / len(b), sum(y for _, y in b) / len(b)) for b in buckets]
    return means or list(points)


def _line(entry: int, points: Points, x: Axis, y: Axis, *, noisy: bool) -> Line:
    smooth = None
    if noisy and len(points) > _NOISY:
        means = averaged([value for _, value in points], max(2.0, _HALF_LIFE * len(points)))
        smooth = _polyline([(images, mean) for (images, _), mean in zip(points, means, strict=True)], x, y)
    marks = [(x.place(images), y.place(value)) for images, value in points] if len(points) <= _FEW else []
    return Line(entry, _polyline(points, x, y), smooth, marks)


def _polyline(points: Points, x: Axis, y: Axis) -> str:
    return " ".join(f"{x.place(images)},{y.place(value)}" for images, value in thinned(points))


def _finite(points: Points) -> list[tuple[float, float]]:
    return [(images, value) for images, value in points if math.isfinite(images) and math.isfinite(value)]


def _anchors(name: str, entries: Sequence[Entry]) -> list[tuple[str, float]]:
    """(floor, recoloured or ceiling, value), if all entries agree; runs on other sets have other values."""
    found = []
    for label in _ANCHORS:
        last = [points[-1][1] for entry in entries if (points := _finite(entry.curves.get(f"{name}_{label}", [])))]
        if last and all(math.isclose(value, last[0], rel_tol=1e-6) for value in last):
            found.append((label, last[0]))
    return found


def _labelled(anchors: list[tuple[float, str]]) -> list[tuple[float, str]]:
    """Anchors whose labels would overlap share one label, at the upper line."""
    found: list[tuple[float, str]] = []
    first = 0  # position of the shared label
    for row, label in sorted(anchors):
        if found and row - found[first][0] < _LABEL_ROWS:
            found[first] = (found[first][0], f"{found[first][1]}, {label}")
            found.append((row, ""))
        else:
            first = len(found)
            found.append((row, label))
    return found


def _is_part_of_another(name: str, names: Sequence[str]) -> bool:
    ends = (*(f"_{anchor}" for anchor in _ANCHORS), _REDUNDANT)
    return any(name.endswith(end) and name.removesuffix(end) in names for end in ends)


def _group(name: str) -> str:
    parts = name.split("/")
    if parts[0] == "val":
        return "Scores on validation photographs"
    if parts[-1] in _RATES or len(parts) < 3:
        return "Rates"
    return parts[1].replace("_", " ").capitalize()


def _title(name: str) -> str:
    """The title of a chart within its group."""
    *path, last = name.replace("_", " ").split("/")
    return f"{last}, {path[-1]}" if len(path) > 1 and _group(name) == "Rates" else last


def _describe(points: Points) -> str:
    return f"{short(points[0][1])} at {short(points[0][0])} images, {short(points[-1][1])} at {short(points[-1][0])}"
