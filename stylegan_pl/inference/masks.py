"""Masks that select where a picture is painted: white parts are painted."""

import unicodedata
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.read import READABLE, read_image

_CLOSE = 0.02  # relative tolerance of the aspect ratio, for rounding in small masks


class Masks:
    """One mask for all pictures, or a folder with one mask per picture, of the same name with any image extension.

    Args:
        path: image file or folder.

    Raises:
        ConfigError: the path does not exist.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ConfigError(f"mask={path}: no such file or folder; type mask=mask.png, or a folder of masks by name")
        self.path = path

    def of(self, name: Path, width: int, height: int) -> Tensor:
        """The mask of a picture, (1, 1, H, W) in [0, 1], resized to the picture; 1 is painted, 0 stays.

        Args:
            name: the picture's path below its input folder.

        Raises:
            DataError: there is no mask of that name, or its aspect ratio differs.
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
        suffixes = [cased for suffix in sorted(READABLE) for cased in (suffix, suffix.upper())]  # IMG.PNG of a camera
        for candidate in (name, *map(name.with_suffix, suffixes)):
            for form in ("NFC", "NFD"):  # é as on Linux and Windows, and as on macOS
                path = self.path / unicodedata.normalize(form, str(candidate))
                if path.is_file():
                    return path
        raise DataError(f"{name}: no mask of that name in {self.path}; add one, or take mask= away")
