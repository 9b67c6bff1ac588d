"""The score table of a page: one column per metric, one cell per entry."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from stylegan_pl.metrics.score import Score
from stylegan_pl.report.bar import Bar, bars
from stylegan_pl.report.contents import Report
from stylegan_pl.report.numbers import ABSENT, arrow, gap_closed, interval, number, places_of
from stylegan_pl.report.table import metrics_of


@dataclass(frozen=True)
class Cell:
    """The score of one entry; without a score, texts are empty and numbers None."""

    value: str
    interval: str
    gap: str
    gap_share: float | None
    raw: float | None  # to sort by
    bar: Bar | None
    best: bool
    factors: str


@dataclass(frozen=True)
class Column:
    """One metric.

    Attributes:
        kind: what is compared (pictures with paintings, or each picture with its photograph), and the weights used.
        cells: one per entry, in order.
    """

    metric: str
    arrow: str
    higher_is_better: bool
    of_sets: bool
    floor: str
    recoloured: str
    ceiling: str
    kind: str
    cells: list[Cell]


@dataclass(frozen=True)
class Provenance:
    """How the numbers of a metric were computed."""

    metric: str
    pictures: str
    paintings: str
    resize: str
    weights: str
    seconds: str


def columns(report: Report) -> list[Column]:
    """One column per metric, in the order of the entries' metrics."""
    return [_column(report, metric, scores) for metric, scores in metrics_of(report).items()]


def provenance(report: Report) -> list[Provenance]:
    """One line per metric; if counts differ between entries, all are listed."""
    return [_provenance(metric, scores) for metric, scores in metrics_of(report).items()]


def _column(report: Report, metric: str, scores: Sequence[Score]) -> Column:
    places, first = places_of(scores), scores[0]
    drawn = dict(zip(map(id, scores), bars(scores), strict=True))
    best = _best(scores)
    each = [entry.scores.get(metric) for entry in report.entries]
    return Column(
        metric=metric,
        arrow=arrow(first),
        higher_is_better=first.higher_is_better,
        of_sets=first.of_sets,
        floor=number(first.floor, places),
        recoloured=number(first.recoloured, places),
        ceiling=number(first.ceiling, places),
        kind=("pictures with paintings" if first.of_sets else "each picture with its photograph")
        + (f", {first.weights_name}" if first.weights_name else ""),
        cells=[_nothing() if s is None else _cell(s, places, drawn[id(s)], best=s.value == best) for s in each],
    )


def _cell(score: Score, places: int, bar: Bar | None, *, best: bool) -> Cell:
    return Cell(
        value=number(score.value, places),
        interval=interval(score, places),
        gap=gap_closed(score),
        gap_share=score.gap_closed if math.isfinite(score.gap_closed) else None,
        raw=score.value if math.isfinite(score.value) else None,
        bar=bar,
        best=best,
        factors=", ".join(f"{name} {factor:.3g}" for name, factor in score.factors.items()),
    )


def _nothing() -> Cell:
    return Cell(ABSENT, "", ABSENT, None, None, None, False, "")


def _best(scores: Sequence[Score]) -> float | None:
    """The best value; None for metrics against the photograph, where an untouched photograph would win."""
    values = [score.value for score in scores if math.isfinite(score.value)]
    if len(values) < 2 or not scores[0].of_sets:
        return None
    return max(values) if scores[0].higher_is_better else min(values)


def _provenance(metric: str, scores: Sequence[Score]) -> Provenance:
    last = scores[-1].seconds  # the seconds of a metric add up from entry to entry
    return Provenance(
        metric=metric,
        pictures=_each(f"{score.n:,}" for score in scores),
        paintings=_each(f"{score.n_paintings:,}" if score.n_paintings else ABSENT for score in scores),
        resize=_each(score.resize for score in scores),
        weights=_each(" ".join(filter(None, (s.weights_name, s.weights))) or ABSENT for s in scores),
        seconds=", ".join(f"{part} {took:.2f}" for part, took in last.items()) or ABSENT,
    )


def _each(texts: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(texts))
