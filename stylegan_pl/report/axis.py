"""The axis of a chart: positions of numbers, and tick labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from stylegan_pl.report.numbers import short

_DECADES = 30.0  # ratio of all but the outermost values above which an axis is logarithmic


@dataclass(frozen=True)
class Axis:
    """Maps a range of numbers to a range of positions.

    Attributes:
        low, high: numbers at the two ends.
        start, end: their positions; `end` may be the smaller one, as rows count downwards.
        log: whether the axis is logarithmic.
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def place(self, value: float) -> float:
        """Position of a number; numbers outside the range are placed at its end."""
        low, high, value = (math.log10(max(n, self.low)) if self.log else n for n in (self.low, self.high, value))
        share = (value - low) / (high - low)
        return round(self.start + min(max(share, 0.0), 1.0) * (self.end - self.start), 1)

    def ticks(self) -> list[tuple[float, str]]:
        """(position, label) of ticks at round numbers; at least two if the range contains two."""
        values = _decades(self.low, self.high) if self.log else _round_numbers(self.low, self.high)
        return [(self.place(value), short(value)) for value in values]


def axis_of(values: Sequence[float], start: float, end: float, *, may_be_log: bool = True) -> Axis:
    """The axis for at least one finite number; logarithmic if all are positive and span decades."""
    low, high = min(values), max(values)
    log = may_be_log and low > 0 and _spread(values) > _DECADES
    if low == high:
        low, high = low - 0.5 * (abs(low) or 1), high + 0.5 * (abs(high) or 1)
    elif not log and may_be_log:
        low, high = low - 0.05 * (high - low), high + 0.05 * (high - low)
    return Axis(low, high, start, end, log)


def _spread(values: Sequence[float]) -> float:
    """98th percentile divided by the 2nd: one outlier does not make an axis logarithmic."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[last - round(0.02 * last)] / ordered[round(0.02 * last)]


def _round_numbers(low: float, high: float) -> list[float]:
    """Three to six multiples of 1, 2 or 5 times a power of ten."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * multiple for multiple in (1, 2, 5, 10) if power * multiple >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def _decades(low: float, high: float) -> list[float]:
    """At most six powers of ten; if there are fewer than three, also 2 and 5 times them."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    inside = [10.0**power for power in powers if low <= 10.0**power <= high]
    if len(inside) < 3:
        return [m * 10.0**power for power in powers for m in (1, 2, 5) if low <= m * 10.0**power <= high]
    return inside[:: math.ceil(len(inside) / 6)]
