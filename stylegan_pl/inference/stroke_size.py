"""How much larger or finer strokes are than a generator's own, as a ratio that pixels can hold; without torch."""

from fractions import Fraction

from stylegan_pl.errors import ConfigError

FINEST, BROADEST = 0.5, 2.0
_LARGEST_DENOMINATOR = 10  # tiles begin at multiples of the numerator: tenths keep these near each other


def stroke_ratio(stroke: float) -> Fraction:
    """The nearest fraction with a denominator of at most 10: p/q pixels are painted as one.

    Raises:
        ConfigError: out of range.
    """
    if not FINEST <= stroke <= BROADEST:  # nan fails it, too
        raise ConfigError(
            f"stroke={stroke:g} must be between {FINEST} (strokes of half the size) and {BROADEST:g} (twice the size); "
            "1 is as the generator learned them"
        )
    return Fraction(stroke).limit_denominator(_LARGEST_DENOMINATOR)
