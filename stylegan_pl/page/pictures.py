"""Paints one uploaded picture: the result as a PNG, and smaller copies for the screen."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PIL import Image

from stylegan_pl.errors import DataError
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.tiling.canvas import canvas, planes
from stylegan_pl.pictures.read import read_image, upright_exif
from stylegan_pl.pictures.tensors import tensor_to_image
from stylegan_pl.pictures.write import write_image
from stylegan_pl.runs.device import is_out_of_memory

SCREEN = 1600  # pixels of the longer side of displayed copies; the downloaded result has full size


class PaintedPicture(NamedTuple):
    """The files of one painting."""

    photograph: Path  # small copy for the screen
    painting: Path  # small copy for the screen
    result: Path  # PNG at full size


def paint_picture(
    upload: Path, painter: Painter, folder: Path, *, report: Callable[[float], None] = lambda share: None
) -> PaintedPicture:
    """Read, paint and write a picture; gives the same pixels as `stylize`.

    Args:
        folder: the files are written into a new folder in this one.
        report: called with shares of the work done; an exception from it stops painting.

    Raises:
        DataError: the upload cannot be read, or memory is too small.
    """
    place = new_folder(folder)
    image = read_image(upload, one_frame=True)
    pixels = planes(image)
    height, width = pixels.shape[-2:]
    into = canvas(height, width, place)[None]
    try:
        painted = tensor_to_image(painter(pixels[None], into=into, report=report)[0])
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        raise DataError(f"{upload}: memory ran out at {width}×{height} pixels; try a smaller picture") from error
    report(0.0)  # what is painted whole has not been told yet that it should stop
    result = place / f"{upload.stem}-painted.png"
    write_image(painted, result, exif=upright_exif(upload))
    return PaintedPicture(shown(image, place / "photograph.jpg"), shown(painted, place / "painting.jpg"), result)


def preview(upload: Path, folder: Path) -> Path:
    """A copy of an upload of any format that browsers can display.

    Raises:
        DataError: it cannot be read, or is too large.
    """
    return shown(read_image(upload, at_least=SCREEN, one_frame=True), new_folder(folder) / "photograph.jpg")


def shown(image: Image.Image, path: Path) -> Path:
    """Shrink a picture to `SCREEN`, if it is larger, and write it."""
    small = image.copy()
    small.thumbnail((SCREEN, SCREEN), Image.Resampling.LANCZOS)
    write_image(small, path)
    return path


def new_folder(folder: Path) -> Path:
    """Create an empty folder with a random name."""
    return Path(tempfile.mkdtemp(dir=folder))
