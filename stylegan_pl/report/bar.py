"""Where a score lies on the way from the untouched photographs to real paintings."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stylegan_pl.metrics.score import Score

_BEYOND = 0.15  # share of the way that is shown at least on either side


@dataclass(frozen=True)
class Bar:
    """Positions in per cent of the bar's width; the floor is on the left, whichever way is better.

    Attributes:
        low, high: of the interval, in order; both None if there is no interval.
    """

    floor: float
    ceiling: float
    value: float
    low: float | None
    high: float | None


def bars(scores: Sequence[Score]) -> list[Bar | None]:
    """The bars of one metric, all on one scale; None if floor and ceiling are equal.

    A metric that compares with paintings also has no bar if the paintings score no better than the photographs.
    """
    drawable = [_can_be_drawn(score) for score in scores]
    ways = [_way(score) for score, can in zip(scores, drawable, strict=True) if can]
    left = min([-_BEYOND, *(position for way in ways for position in way)])
    right = max([1 + _BEYOND, *(position for way in ways for position in way)])

    def percent(way: float) -> float:
        return round(100 * (way - left) / (right - left), 2)

    found: list[Bar | None] = []
    for score, can in zip(scores, drawable, strict=True):
        if not can:
            found.append(None)
            continue
        value, *ends = map(percent, _way(score))
        low, high = (min(ends), max(ends)) if ends else (None, None)
        found.append(Bar(percent(0), percent(1), value, low, high))
    return found


def _can_be_drawn(score: Score) -> bool:
    known = all(map(math.isfinite, (score.value, score.floor, score.ceiling)))
    return known and (score.has_gap if score.of_sets else score.floor != score.ceiling)


def _way(score: Score) -> list[float]:
    """Value, then the interval's ends: 0 at the floor, 1 at the ceiling."""
    ends = score.interval if score.interval and all(map(math.isfinite, score.interval)) else ()
    return [(score.floor - number) / (score.floor - score.ceiling) for number in (score.value, *ends)]
