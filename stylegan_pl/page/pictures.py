"""One picture, as it was uploaded, painted: the whole as a PNG, and both small enough for a screen."""

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

SCREEN = 1600  # pixels of the longer side of what is shown; what is taken away has all of them


class PaintedPicture(NamedTuple):
    """Files of one painting."""

    photograph: Path  # as shown
    painting: Path  # as shown
    result: Path  # PNG, every pixel


def paint_picture(
    upload: Path, painter: Painter, folder: Path, *, report: Callable[[float], None] = lambda share: None
) -> PaintedPicture:
    """Read, paint and write as `stylize` does: the same pixels.

    Args:
        folder: where the files go, into a new folder in it.
        report: told shares of a large picture as they are done; what it raises ends the painting.

    Raises:
        DataError: the upload cannot be read, or memory does not hold it.
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
    result = place / f"{upload.stem}-painted.png"
    write_image(painted, result, exif=upright_exif(upload))
    return PaintedPicture(shown(image, place / "photograph.jpg"), shown(painted, place / "painting.jpg"), result)


def preview(upload: Path, folder: Path) -> Path:
    """An upload as browsers can show it, whatever its format.

    Raises:
        DataError: it cannot be read, or is larger than allowed.
    """
    return shown(read_image(upload, at_least=SCREEN, one_frame=True), new_folder(folder) / "photograph.jpg")


def shown(image: Image.Image, path: Path) -> Path:
    """Shrunk to a screen, if it is larger, and written."""
    small = image.copy()
    small.thumbnail((SCREEN, SCREEN), Image.Resampling.LANCZOS)
    write_image(small, path)
    return path


def new_folder(folder: Path) -> Path:
    """An empty one, whose name nobody guesses."""
    return Path(tempfile.mkdtemp(dir=folder))
