"""Splits the options `film.*` by purpose."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from stylegan_pl.inference.film.encode import Encoding
from stylegan_pl.inference.film.steadiness import Steadiness


def split_options(options: Mapping[str, Any]) -> tuple[Steadiness, Encoding]:
    """Options of `film=` (`config.option_types.FilmConfig`) -> how flicker is reduced, and how the film is compressed.

    `fps` belongs to neither: it is the rate of a folder of frames.

    Raises:
        UserError: a number is out of range.
    """
    steady = {field.name for field in fields(Steadiness)}
    return (
        Steadiness(**{name: value for name, value in options.items() if name in steady}),
        Encoding(**{name: value for name, value in options.items() if name not in {*steady, "fps"}}),
    )
