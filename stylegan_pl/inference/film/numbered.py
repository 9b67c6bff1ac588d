"""A folder of numbered frames as a film."""

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from stylegan_pl.errors import ConfigError, DataError, UnfitData
from stylegan_pl.inference.film.frames import Colours, Look
from stylegan_pl.inference.film.source import Frame
from stylegan_pl.pictures.read import read_image, upright_size
from stylegan_pl.pictures.tensors import image_to_tensor

_log = logging.getLogger(__name__)

_BT709, _SRGB_CURVE, _VIDEO_RANGE = 1, 13, 1  # FFmpeg's numbers (H.273)
SRGB = Colours(_BT709, _VIDEO_RANGE, _BT709, _SRGB_CURVE)
"""The colours of a film that is made of pictures."""


class NumberedFrames:
    """Pictures of one size, in the order of the numbers in their names: 9 before 10. No sound.

    A picture that cannot be read is left out, and the previous one is shown longer.

    Args:
        path: the typed input, for messages.
        files: at least one.
        fps: frames per second, from 0.001 to 1000.

    Raises:
        ConfigError: `fps` is out of range.
        DataError: pictures differ in size, or none can be read.
    """

    def __init__(self, path: Path | str, files: Sequence[Path], *, fps: float) -> None:
        if not 0.001 <= fps <= 1000:
            raise ConfigError(f"film.fps={fps:g} is in frames a second, from 0.001 to 1000; type film.fps=25")
        self.path, self.files, self.damaged = path, sorted(files, key=_by_numbers), 0
        self.others: list[Any] = []
        self.rate = Fraction(str(fps)).limit_denominator(1001)  # 23.976023976 is 24000/1001; FFmpeg has 32 bits
        self.time_base, self.aspect = 1 / self.rate, Fraction(1)
        self.pixel_format, self.duration = None, len(self.files)
        self.metadata: dict[str, str] = {}
        self.stream_metadata: dict[str, str] = {}
        self.frames = len(self.files)
        width, height = self._size()
        self.look = Look(height, width, 0, False, SRGB)

    def _size(self) -> tuple[int, int]:
        sizes: dict[Path, tuple[int, int]] = {}
        reason = ""
        for file in self.files:
            try:
                sizes[file] = upright_size(file)
            except DataError as error:  # reported in its turn
                reason = str(error)
        if not sizes:
            raise UnfitData(f"input={self.path}: none of its {len(self.files)} pictures can be read ({reason})")
        usual = Counter(sizes.values()).most_common(1)[0][0]
        other = next((file for file, size in sizes.items() if size != usual), None)
        if other is not None:
            raise UnfitData(
                f"input={self.path}: frames of a film have one size; {other} has {sizes[other][0]}×{sizes[other][1]} "
                f"pixels, others {usual[0]}×{usual[1]}; for pictures instead of a film type output=FOLDER"
            )
        return usual

    def __enter__(self) -> "NumberedFrames":
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def __iter__(self) -> Iterator[Frame | Any]:
        for number, file in enumerate(self.files):
            try:
                picture = image_to_tensor(read_image(file, one_frame=True))
            except DataError as error:
                _log.error("left out: %s", error)
                self.damaged += 1
                continue
            yield Frame(picture, number, 1)


def _by_numbers(path: Path) -> list[tuple[int, int, str]]:
    """Sort key of a path: digits compare as numbers, and before letters."""
    parts = re.split(r"([0-9]+)", str(path))
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts]
