"""The facts of one image file, read once: its format, whether it can be read, what it shows."""

import hashlib
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan_pl.errors import DataError, first_line
from stylegan_pl.pictures.read import header, read_image
from stylegan_pl.pictures.tree import check_is_file
from stylegan_pl.preparing.doctor.colours import ColourCount
from stylegan_pl.preparing.doctor.perceptual_hash import Thumbnails, thumbnail

FORMATS = {
    **dict.fromkeys((".jpg", ".jpeg", ".jpe", ".jfif"), "JPEG"),
    ".png": "PNG",
    ".webp": "WEBP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".avif": "AVIF",
    **dict.fromkeys((".heic", ".heif", ".hif"), "HEIF"),
}
_DECODED = 256  # pixels of the shorter side, enough for hash and colours: large JPEGs are decoded smaller


class FileFacts(NamedTuple):
    """The facts of a file; if there is a problem, the fields after `problem` are empty."""

    path: Path
    problem: str | None = None  # why it cannot be read
    size: tuple[int, int] = (0, 0)  # width and height, upright
    mode: str = ""  # as on disk: RGB, L, CMYK, P, I;16 …
    format: str = ""  # by its bytes: JPEG, PNG …
    rotated: bool = False  # by its EXIF block
    digest: str = ""  # SHA-256 of the bytes
    thumbnail: Thumbnails | None = None  # (32, 32)
    colours: ColourCount | None = None

    @property
    def misnamed(self) -> bool:
        """Whether the format of its bytes differs from its extension."""
        return self.problem is None and self.format != FORMATS.get(self.path.suffix.lower(), self.format)


def look_at(path: Path, *, one_frame: bool = False) -> FileFacts:
    """Read a file as a run would; a bad file gives a `problem` and no exception.

    Args:
        one_frame: animations and files of several pages are a problem; see `read_image`.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's warnings about files that it can read
        try:
            check_is_file(path)
            data = path.read_bytes()
            if not data:
                return FileFacts(path, problem="the file is empty")
            found = header(path)
            image = read_image(path, at_least=_DECODED, one_frame=one_frame)
        except DataError as error:
            return FileFacts(path, problem=str(error).removeprefix(f"{path}: ").replace(f" '{path}'", ""))
        except OSError as error:
            return FileFacts(path, problem=f"cannot be read ({error.strerror or error})")
        except Exception as error:  # a bug of a decoder, caused by damaged bytes
            return FileFacts(path, problem=f"cannot be read as an image ({type(error).__name__}: {first_line(error)})")
    digest = hashlib.sha256(data).hexdigest()
    kind = "JPEG" if found.format == "MPO" else found.format  # a phone's JPEG with a second picture inside
    return FileFacts(
        path, None, found.size, found.mode, kind, found.orientation > 1, digest, thumbnail(image),
        ColourCount.of(_some_pixels(image)),
    )  # fmt: skip


def _some_pixels(image: Image.Image) -> NDArray[np.uint8]:
    """Pixels on a 48 × 48 grid, (2304, 3): nearest pixels, because averages would be greyer."""
    return np.asarray(image.resize((48, 48), Image.Resampling.NEAREST)).reshape(-1, 3)
