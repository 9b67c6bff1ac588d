"""What a painter of films needs to know of one, be it a film file or a folder of frames."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from stylegan_pl.inference.film.frames import Look


class Frame(NamedTuple):
    """A picture, and when it is shown: in units of the film's time base."""

    picture: Tensor  # (3, H, W), upright; uint8, or float32 in [-1, 1]
    pts: int
    duration: int  # 0: unknown


class MovingPictures(Protocol):
    """Iterating yields a `Frame` for each picture, and packets of the `others` as they lie between."""

    path: Path | str
    look: Look
    others: list[Any]  # streams of sound and subtitles, whose packets are copied
    damaged: int  # parts that could not be decoded

    @property
    def time_base(self) -> Fraction:
        """Seconds of a unit of time."""

    @property
    def rate(self) -> Fraction:
        """Frames a second, on average."""

    @property
    def aspect(self) -> Fraction:
        """Width of an upright pixel by its height."""

    @property
    def pixel_format(self) -> str | None:
        """FFmpeg's name of how it is stored."""

    @property
    def duration(self) -> int | None:
        """Of the pictures, in units of the time base, as the source says; None: it does not."""

    @property
    def metadata(self) -> dict[str, str]:
        """Title, date, and so on."""

    @property
    def stream_metadata(self) -> dict[str, str]:
        """Of the pictures' stream alone."""

    @property
    def frames(self) -> int | None:
        """How many pictures, as far as it is known."""

    def __iter__(self) -> Iterator[Frame | Any]: ...
