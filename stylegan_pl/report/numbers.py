"""Formats numbers: enough digits to tell values apart, and the same number of digits in a column."""

import math
from collections.abc import Iterable

from stylegan_pl.metrics.score import Score

ABSENT = "–"
FURTHER = "further away"
_MINUS = "−"


def decimals(values: Iterable[float]) -> int:
    """Decimal places that give the largest value four digits."""
    largest = max((abs(value) for value in values if math.isfinite(value)), default=0.0)
    if largest == 0:
        return 2
    return min(max(3 - math.floor(math.log10(largest)), 0), 8)


def number(value: float, places: int) -> str:
    """A number for people: 1,234.5 and −0.012; a dash if it is not finite."""
    if not math.isfinite(value):
        return ABSENT
    text = f"{value:,.{places}f}"
    if float(text.replace(",", "")) == 0:
        text = text.removeprefix("-")  # no minus sign before 0
    return text.replace("-", _MINUS)


def places_of(scores: Iterable[Score]) -> int:
    """Decimal places for all scores of one metric."""
    return decimals(value for score in scores for value in (score.value, score.floor, score.recoloured, score.ceiling))


def interval(score: Score, places: int) -> str:
    """[low, high]; empty if there is no interval."""
    if score.interval is None or not all(map(math.isfinite, score.interval)):
        return ""
    return f"[{', '.join(number(end, places) for end in score.interval)}]"


def gap_closed(score: Score) -> str:
    """The closed gap in per cent; a word if the result moved away; a dash if there is no gap."""
    if score.is_further:
        return FURTHER
    return f"{abs(score.gap_closed):.0%}" if math.isfinite(score.gap_closed) else ABSENT  # no minus sign before 0


def arrow(score: Score) -> str:
    """An arrow for the better direction."""
    return "↑" if score.higher_is_better else "↓"


def short(value: float) -> str:
    """A short number for ticks and counts: 5e−5, 0.05, 250, 12k, 1.5M."""
    value = float(f"{value:.3g}")  # first, because 999,999 is 1M
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{letter}".replace("-", _MINUS)
    digits, _, power = f"{value:.3g}".partition("e")
    return (f"{digits}e{int(power)}" if power else digits).replace("-", _MINUS)  # 5e−5, not 5e-05


def seconds(value: float) -> str:
    """A duration: 0.42 s, 12 s, 3 min 20 s, 2 h 05 min."""
    if value < 60:
        return f"{value:.2f} s" if value < 1 else f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"
