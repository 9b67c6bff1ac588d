"""How large strokes are in a picture of some size, as a ratio that pixels can hold; without torch."""

from dataclasses import dataclass
from fractions import Fraction

from stylegan_pl.errors import ConfigError

FINEST, BROADEST = 0.5, 2.0
STROKE_AT = 320  # pixels: the longest of the shorter sides that `my_painter` trains on
_SMALLEST_AT = 64  # pixels; below it nothing of a photograph is left to paint
_LARGEST_DENOMINATOR = 10  # tiles begin at multiples of the numerator: tenths keep these near each other
_COARSE = 2  # the denominator of ratios above `BROADEST`, for the same reason


@dataclass(frozen=True)
class Strokes:
    """A generator's strokes have a size in pixels. Beside a large photograph they would be too small to be seen.

    Args:
        size: `FINEST` to `BROADEST`, in those that the generator learned.
        at: pixels. In pictures whose shorter side is longer, strokes grow with it; None: they keep their pixels.

    Raises:
        ConfigError: out of range.
    """

    size: float = 1.0
    at: int | None = None

    def __post_init__(self) -> None:
        if not FINEST <= self.size <= BROADEST:  # nan fails it, too
            raise ConfigError(
                f"stroke={self.size:g} must be between {FINEST} (strokes of half the size) and {BROADEST:g} (twice the "
                "size); 1 is as the generator learned them"
            )
        if self.at is not None and self.at < _SMALLEST_AT:
            raise ConfigError(
                f"stroke_at={self.at} must be at least {_SMALLEST_AT} pixels; type stroke_at={STROKE_AT}, or "
                "stroke_at=null for strokes that do not grow with the picture"
            )

    def ratio(self, height: int, width: int) -> Fraction:
        """p/q: so many pixels of a picture's side are painted as one."""
        growth = 1.0 if self.at is None else max(1.0, min(height, width) / self.at)
        ratio = self.size * growth
        return Fraction(ratio).limit_denominator(_LARGEST_DENOMINATOR if ratio <= BROADEST else _COARSE)
