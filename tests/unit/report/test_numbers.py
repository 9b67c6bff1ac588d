"""Numbers as people read them."""

import math

import pytest
from unit.report.example import score

from stylegan_pl.report.numbers import decimals, gap_closed, interval, number, seconds, short


@pytest.mark.parametrize(
    ("values", "places"),
    [([271.5, 36.2], 1), ([0.31, 0.01], 4), ([1.0], 3), ([12345.0], 0), ([0.0], 2), ([math.nan, 5], 3)],
)
def test_four_digits_of_the_largest(values, places):
    assert decimals(values) == places


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [(1234.56, 1, "1,234.6"), (-0.0125, 3, "−0.013"), (-0.00001, 3, "0.000"), (math.nan, 2, "–"), (-math.inf, 2, "–")],
)
def test_number(value, places, text):
    assert number(value, places) == text


def test_interval_and_gap():
    assert interval(score(interval=(-0.5, 1.25)), 2) == "[−0.50, 1.25]"
    assert interval(score(interval=None), 2) == interval(score(interval=(0.0, math.nan)), 2) == ""
    assert gap_closed(score(0.5, 1.0, 0.0)) == "50%" and gap_closed(score(1.5, 1.0, 0.0)) == "further away"
    assert gap_closed(score(0.5, 0.2, 1.0)) == gap_closed(score(of_sets=False)) == "–"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.00005, "5e−5"), (0.25, "0.25"), (250, "250"), (12_000, "12k"), (1_500_000, "1.5M"), (-3e9, "−3G"),
        (999_999, "1M"), (999.7, "1k"), (999.4, "999"), (-999_999_999, "−1G"),
    ],
)  # fmt: skip
def test_short(value, text):
    assert short(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.421, "0.42 s"),
        (9.94, "9.9 s"),
        (42.4, "42 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 05 min"),
        (3599.9, "1 h 00 min"),
    ],
)
def test_seconds(value, text):
    assert seconds(value) == text
