"""A metric's number beside everything it is to be read with."""

import math
from dataclasses import dataclass, field
from typing import Any

from stylegan_pl.metrics.kinds import Interval

_NOTICED = 0.005  # of the gap: less would be written as 0%


@dataclass(frozen=True)
class Score:
    """Of one set of stylised pictures.

    Attributes:
        value: the number.
        floor: what the untouched photographs get.
        ceiling: what paintings get: one half of them against the other; of a metric of pictures beside their
            photographs, paintings in the pictures' place.
        interval: 95 % bootstrap, pictures drawn anew; None where it was not asked for.
        n: stylised pictures.
        n_paintings: that they are compared with; 0 where paintings do not matter.
        of_sets: whether pictures are compared with paintings, so that there is a way from floor to ceiling.
        weights: hash of the network that is looked through; None where there is none.
        weights_name: whose weights these are, where several are usual.
        resize: what is done to a picture first.
        factors: what the value is made of, where it is made of several.
        seconds: spent, by part: features, distances, interval.
        recoloured: what the photographs get in the paintings' colours, the second floor: no more than a palette.
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
        """Share of the way from floor to ceiling: 0 when nothing was painted; nan where there is no way."""
        return (self.floor - self.value) / (self.floor - self.ceiling) if self.has_gap else math.nan

    @property
    def is_further(self) -> bool:
        """Whether the stylised pictures are further from the paintings than the untouched photographs are."""
        return self.gap_closed < -_NOTICED

    def as_dict(self) -> dict[str, Any]:
        """For metrics.json: nan and what is not there are null, which JSON has."""
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
