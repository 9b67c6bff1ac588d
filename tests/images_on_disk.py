"""Pictures that tests write, so that nothing is downloaded or committed."""

from pathlib import Path

import numpy as np
from PIL import Image


def write_images(folder: Path, count: int, *, size: int = 48, hue: int = 0, seed: int = 0) -> None:
    """Smooth random pictures that lean to one colour channel."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(count):
        coarse = rng.integers(0, 128, (6, 6, 3), dtype=np.uint8)
        coarse[..., hue] += 100
        Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC).save(folder / f"{index:03d}.png")
