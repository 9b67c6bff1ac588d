"""A metric's value with everything needed to interpret it."""

import math
from dataclasses import dataclass, field
from typing import Any

from stylegan_pl.metrics.kinds import Interval

_NOTICED = 0.005  # of the gap; smaller values are displayed as 0%


@dataclass(frozen=True)
class Score:
    """The score of one set of stylised pictures.

    Attributes:
        value: the metric's value.
        floor: the value of the untouched photographs.
        ceiling: the value of paintings: one half against the other; for metrics against photographs, paintings instead
            of stylised pictures.
        interval: 95 % bootstrap interval over pictures; None if it was not computed.
        n: number of stylised pictures.
        n_paintings: number of crops of paintings; 0 if the metric does not use paintings.
        of_sets: whether pictures are compared with paintings, so that the gap from floor to ceiling is meaningful.
        weights: hash of the network's weights; None without a network.
        weights_name: name of the weights, if several are common.
        resize: how pictures are resized first, in words.
        factors: name -> part of the value, if it has several parts.
        seconds: part -> seconds: features, distances, interval.
        recoloured: a second floor: the value of photographs in the paintings' colours.
    """

    value: float
    floor: float
    ceiling: float
    interval: Interval | None
    n: int
    n_paintings: int
    higher_is_better: bool
    of_sets: bool
    weights: str | None
    resize: str
    weights_name: str | None = None
    factors: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    recoloured: float = math.nan

    @property
    def has_gap(self) -> bool:
        """Whether the photographs are further from the paintings than these are from each other."""
        return self.of_sets and (self.ceiling > self.floor if self.higher_is_better else self.floor > self.ceiling)

    @property
    def gap_closed(self) -> float:
        """Share of the gap from floor to ceiling: 0 for untouched photographs; nan if there is no gap."""
        return (self.floor - self.value) / (self.floor - self.ceiling) if self.has_gap else math.nan

    @property
    def is_further(self) -> bool:
        """Whether the stylised pictures are further from the paintings than the untouched photographs are."""
        return self.gap_closed < -_NOTICED

    def as_dict(self) -> dict[str, Any]:
        """Plain data for metrics.json; nan becomes None."""
        return {
            "value": _finite(self.value),
            "floor": _finite(self.floor),
            "recoloured": _finite(self.recoloured),
            "ceiling": _finite(self.ceiling),
            "gap_closed": _finite(self.gap_closed),
            "interval": None if self.interval is None else [_finite(end) for end in self.interval],
            "n": self.n,
            "n_paintings": self.n_paintings,
            "higher_is_better": self.higher_is_better,
            "of_sets": self.of_sets,
            "weights": self.weights,
            "weights_name": self.weights_name,
            "resize": self.resize,
            "factors": {name: _finite(factor) for name, factor in self.factors.items()},
            "seconds": {part: round(seconds, 3) for part, seconds in self.seconds.items()},
        }


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
