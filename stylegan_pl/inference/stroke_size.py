"""The size of strokes relative to a picture, as a ratio of whole pixels; without torch."""

from dataclasses import dataclass
from fractions import Fraction

from stylegan_pl.errors import ConfigError

FINEST, BROADEST = 0.5, 2.0
STROKE_AT = 320  # pixels: the largest shorter side of a training picture in `my_painter`
_SMALLEST_AT = 64  # pixels; with fewer, a photograph is not recognisable
_LARGEST_DENOMINATOR = 10  # tiles start at multiples of the numerator, so a small denominator keeps them close
_COARSE = 2  # denominator of ratios above `BROADEST`, for the same reason


@dataclass(frozen=True)
class Strokes:
    """The size of strokes. A generator's strokes have a size in pixels: too small in a large photograph, and so large
    in a small one that faces are lost.

    Args:
        size: factor of the generator's own size, `FINEST` to `BROADEST`.
        at: pixels of the shorter side at which pictures are painted: strokes grow in larger pictures and shrink in
            smaller ones, in proportion. In pictures of less than half of it they keep their pixels, because a picture
            that is enlarged more than twice shows nothing new. None: they keep their pixels in all.

    Raises:
        ConfigError: a number is out of range.
    """

    size: float = 1.0
    at: int | None = None

    def __post_init__(self) -> None:
        if not FINEST <= self.size <= BROADEST:  # also True for nan
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
        """p/q: the picture is painted at q/p of its size."""
        relative = 1.0 if self.at is None else min(height, width) / self.at
        ratio = self.size * (relative if relative >= FINEST else 1.0)
        return Fraction(ratio).limit_denominator(_LARGEST_DENOMINATOR if ratio <= BROADEST else _COARSE)
