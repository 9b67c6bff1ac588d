"""The interface of a film's source: a film file, or a folder of frames."""

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from torch import Tensor

from stylegan_pl.errors import UnfitData
from stylegan_pl.inference.film.frames import Look


class Frame(NamedTuple):
    """A picture and its time, in units of the film's time base."""

    picture: Tensor  # (3, H, W), upright; uint8, or float32 in [-1, 1]
    pts: int
    duration: int  # 0: unknown


class MovingPictures(Protocol):
    """Iterating yields a `Frame` for each picture, and packets of the streams `others`, in the film's order."""

    path: Path | str
    look: Look
    others: list[Any]  # streams of sound and subtitles; their packets are copied
    damaged: int  # number of packets or pictures that could not be decoded

    @property
    def time_base(self) -> Fraction:
        """The unit of time in seconds."""

    @property
    def rate(self) -> Fraction:
        """Frames per second, on average."""

    @property
    def aspect(self) -> Fraction:
        """Pixel aspect ratio: width / height, of the upright picture."""

    @property
    def pixel_format(self) -> str | None:
        """FFmpeg's name of the stored pixel format."""

    @property
    def duration(self) -> int | None:
        """Duration of the pictures in units of the time base; None if unknown."""

    @property
    def metadata(self) -> dict[str, str]:
        """The film's metadata, such as title and date."""

    @property
    def stream_metadata(self) -> dict[str, str]:
        """Metadata of the video stream."""

    @property
    def frames(self) -> int | None:
        """Number of pictures; None if unknown."""

    def __iter__(self) -> Iterator[Frame | Any]: ...


def check_frame_size(film: MovingPictures, max_megapixels: float) -> None:
    """Raise if a film's frames are larger than pictures may be.

    Raises:
        UserError: they are.
    """
    width, height = film.look.width, film.look.height
    megapixels = width * height / 1e6
    if megapixels > max_megapixels:
        raise UnfitData(
            f"{film.path}: frames of {width}×{height} pixels; at most {max_megapixels:g} megapixels; "
            f"type max_megapixels={math.ceil(megapixels)} if you trust it"
        )
