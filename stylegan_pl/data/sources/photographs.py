"""The photographs that ship inside the scikit-image wheel, as square crops of uint8 arrays."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from stylegan_pl.errors import UserError

CROP_SHARES = (0.95, 0.7, 0.5)  # side of a crop, as a share of its photograph's shorter side


def load_photograph(name: str) -> Image.Image:
    """A photograph from the installed wheel, uint8 (H, W, 3); `skimage.data`'s functions would download some of them.

    Raises:
        UserError: the wheel has no photograph of that name.
    """
    spec = find_spec("skimage")
    folders = (spec.submodule_search_locations or []) if spec else []
    for folder in folders:
        path = Path(folder) / "data" / name
        if path.is_file():
            return Image.open(path).convert("RGB")
    raise UserError(f"scikit-image's photograph {name} is missing; type: pip install --force-reinstall scikit-image")


def random_square(photo: Image.Image, share: float, size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random square crop, its side `share` of the photograph's shorter side, resized to uint8 (size, size, 3)."""
    side = round(share * min(photo.size))
    left, top = (int(rng.integers(length - side + 1)) for length in photo.size)
    square = photo.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))


def save_png(image: NDArray[np.uint8], path: Path) -> None:
    """Write a PNG file, and create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, compress_level=1)  # a third of the default's time, files a few percent larger
