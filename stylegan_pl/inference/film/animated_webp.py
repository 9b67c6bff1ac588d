"""An animated WebP as a film: FFmpeg cannot read one, so Pillow does."""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from PIL import Image

from stylegan_pl.errors import UnfitData, first_line
from stylegan_pl.inference.film.frames import Look
from stylegan_pl.inference.film.numbered import SRGB
from stylegan_pl.inference.film.source import Frame
from stylegan_pl.pictures.opened import opened
from stylegan_pl.pictures.srgb import to_srgb
from stylegan_pl.pictures.tensors import image_to_tensor

_USUAL_MS = 100  # of a frame that has no duration, as browsers show it


class AnimatedWebP:
    """Its pictures on white, with the times of the file, in milliseconds. No sound.

    What follows a damaged picture is left out, because each picture is drawn over the one before.

    Raises:
        DataError: it cannot be read.
    """

    time_base, aspect = Fraction(1, 1000), Fraction(1)
    pixel_format: str | None = None
    duration: int | None = None

    def __init__(self, path: Path) -> None:
        self.path: Path | str = path
        self.damaged = 0
        self.others: list[Any] = []
        self.metadata: dict[str, str] = {}
        self.stream_metadata: dict[str, str] = {}
        try:
            with opened(path) as image:
                self.frames = int(getattr(image, "n_frames", 1))
                image.load()
                first_ms = int(image.info.get("duration", 0)) or _USUAL_MS
                self.look = Look(image.height, image.width, 0, False, SRGB)
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise UnfitData(f"{path}: cannot be read as a film ({first_line(error)})") from error
        self.rate = Fraction(1000, first_ms)

    def __enter__(self) -> "AnimatedWebP":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def __iter__(self) -> Iterator[Frame | Any]:
        begins = 0
        with opened(Path(self.path)) as image:
            for number in range(self.frames):
                try:
                    image.seek(number)
                    image.load()
                except (OSError, EOFError):
                    self.damaged += self.frames - number
                    return
                lasts = int(image.info.get("duration", 0)) or _USUAL_MS
                yield Frame(image_to_tensor(to_srgb(image)), begins, lasts)
                begins += lasts
