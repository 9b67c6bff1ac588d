"""The table of a report as text: for a terminal, and as Markdown."""

import html
import io
import re
import shutil
from collections.abc import Iterable

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stylegan_pl.metrics.score import Score
from stylegan_pl.report.contents import Entry, Report
from stylegan_pl.report.numbers import ABSENT, arrow, gap_closed, interval, number, places_of

FLOOR = "photographs (floor)"
RECOLOURED = "photographs recoloured"
CEILING = "paintings (ceiling)"
_UNBOUND = 200  # characters per line, if the output is a file


def cells(report: Report) -> tuple[list[str], list[list[str]]]:
    """Header and rows.

    One entry: one row per metric, `metric ↓ | value [low, high] | floor | recoloured | ceiling | gap closed | N`.
    Several entries: floors and ceiling first, then one row per entry, with one column per metric.
    """
    if len(report.entries) == 1:
        header = ["metric", "value [95 %]", "floor", "recoloured", "ceiling", "gap closed", "N"]
        return header, [_metric_row(metric, score) for metric, score in report.entries[0].scores.items()]
    metrics = metrics_of(report)
    header = ["system", *(_title(metric, scores[0]) for metric, scores in metrics.items())]
    places = {metric: places_of(scores) for metric, scores in metrics.items()}
    anchors = [
        [label, *(number(getattr(scores[0], end), places[metric]) for metric, scores in metrics.items())]
        for label, end in ((FLOOR, "floor"), (RECOLOURED, "recoloured"), (CEILING, "ceiling"))
    ]
    rows = [[entry.name, *(_cell(entry, metric, places[metric]) for metric in metrics)] for entry in report.entries]
    return header, [*anchors, *rows]


def metrics_of(report: Report) -> dict[str, list[Score]]:
    """Metric -> the scores of the entries that have it, in order of first appearance."""
    found: dict[str, list[Score]] = {}
    for entry in report.entries:
        for metric, score in entry.scores.items():
            found.setdefault(metric, []).append(score)
    return found


def _title(metric: str, score: Score) -> str:
    """`fid_clean ↓`, with the weights used."""
    return f"{metric} {arrow(score)}" + (f", {score.weights_name}" if score.weights_name else "")


def _metric_row(metric: str, score: Score) -> list[str]:
    places = places_of([score])
    anchors = [number(end, places) for end in (score.floor, score.recoloured, score.ceiling)]
    return [_title(metric, score), _value(score, places), *anchors, gap_closed(score), f"{score.n:,}"]


def _cell(entry: Entry, metric: str, places: int) -> str:
    return _value(entry.scores[metric], places) if metric in entry.scores else ABSENT


def _value(score: Score, places: int) -> str:
    return f"{number(score.value, places)} {interval(score, places)}".rstrip()


def rich_table(report: Report) -> Table:
    """The table for a rich console; markup in names is shown literally."""
    header, rows = cells(report)
    several = len(report.entries) > 1
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for i, title in enumerate(header):
        table.add_column(Text(title), justify="left" if i == 0 else "right", overflow="fold")
    for i, row in enumerate(rows):
        # with one column per metric, the interval is below its value
        texts = [row[0], *(cell.replace(" [", "\n[") if several else cell for cell in row[1:])]
        table.add_row(*map(Text, texts), end_section=several and i == 2)
    return table


def terminal_table(report: Report) -> str:
    """`rich_table` as plain text, as wide as the terminal; without a terminal, as wide as needed."""
    width = shutil.get_terminal_size((_UNBOUND, 24)).columns
    text = io.StringIO()
    Console(file=text, width=width, color_system=None, force_terminal=False).print(rich_table(report))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def further_away(report: Report) -> list[str]:
    """A sentence for each system whose pictures are further from the paintings than the photographs."""
    lines = []
    for entry in report.entries:
        further = [f"{metric} {_beside_floor(score)}" for metric, score in entry.scores.items() if score.is_further]
        if further:
            name = f"{entry.name}: " if len(report.entries) > 1 else ""
            lines.append(f"{name}further from the paintings than the untouched photographs: {', '.join(further)}")
    return lines


def _beside_floor(score: Score) -> str:
    places = places_of([score])
    return f"{number(score.value, places)} (photographs {number(score.floor, places)})"


def markdown_table(report: Report) -> str:
    """The table in GitHub's Markdown; names are escaped."""
    header, rows = cells(report)
    align = [":--", *["--:"] * (len(header) - 1)]
    return "\n".join(
        _markdown_row(row) for row in (map(_escaped, header), align, *(map(_escaped, row) for row in rows))
    )


def _markdown_row(row: Iterable[str]) -> str:
    return f"| {' | '.join(row)} |"


def _escaped(text: str) -> str:
    """The text of a cell with all markup escaped."""
    flat = html.escape(" ".join(text.split()), quote=False)
    return re.sub(r"([\\|`*_\[\]])", r"\\\1", flat)
