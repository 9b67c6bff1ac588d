"""What is typed as `film.*`, parted by what it is for."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from stylegan_pl.inference.film.encode import Encoding
from stylegan_pl.inference.film.steadiness import Steadiness


def parted(options: Mapping[str, Any]) -> tuple[Steadiness, Encoding]:
    """Options of `schema.FilmConfig`, by name -> how frames are kept steady, and how the film is compressed.

    `fps` is of neither: it is what a folder of frames is played at.

    Raises:
        UserError: numbers out of range.
    """
    steady = {field.name for field in fields(Steadiness)}
    return (
        Steadiness(**{name: value for name, value in options.items() if name in steady}),
        Encoding(**{name: value for name, value in options.items() if name not in {*steady, "fps"}}),
    )
