"""Where a picture is painted: masks, white for yes."""

import unicodedata
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.read import READABLE, read_image

_CLOSE = 0.02  # of the aspect ratio: what rounding does to the sides of a small mask


class Masks:
    """One mask for all pictures, or a folder with one for each, of the picture's name and any image extension.

    Args:
        path: image file or folder.

    Raises:
        ConfigError: there is none.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ConfigError(f"mask={path}: no such file or folder; type mask=mask.png, or a folder of masks by name")
        self.path = path

    def of(self, name: Path, width: int, height: int) -> Tensor:
        """(1, 1, H, W) in [0, 1]: light is painted, dark stays; a mask of another size is scaled.

        Args:
            name: of the picture, below its input folder.

        Raises:
            DataError: there is no mask of that name, or one of another shape.
        """
        path = self._file(name)
        image = read_image(path).convert("L")
        if abs(image.width * height / (image.height * width) - 1) > _CLOSE:
            raise DataError(
                f"{name}: {width}×{height} pixels, but its mask {path} is {image.width}×{image.height}; give one "
                "of the same shape"
            )
        scaled = image.resize((width, height), Image.Resampling.BILINEAR)
        return torch.from_numpy(np.array(scaled, dtype=np.float32))[None, None] / 255

    def _file(self, name: Path) -> Path:
        if self.path.is_file():
            return self.path
        for candidate in (name, *(name.with_suffix(suffix) for suffix in sorted(READABLE))):
            for form in ("NFC", "NFD"):  # as macOS writes é, and as others do
                path = self.path / unicodedata.normalize(form, str(candidate))
                if path.is_file():
                    return path
        raise DataError(f"{name}: no mask of that name in {self.path}; add one, or take mask= away")
