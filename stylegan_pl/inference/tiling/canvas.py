"""Where a large painting lies until it is whole."""

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

LARGE = 4096 * 4096  # pixels; from here on a painting is put together on disk, where the system may page it out


def planes(image: Image.Image) -> Tensor:
    """RGB picture -> uint8 (3, H, W), its pixels still side by side in memory: one copy, where there would be two."""
    return torch.from_numpy(np.array(image, dtype=np.uint8)).permute(2, 0, 1)


def canvas(height: int, width: int, folder: Path) -> Tensor:
    """An empty uint8 (3, H, W), pixels side by side; a large one is a file without a name, gone when it is let go.

    Args:
        folder: on the disk for it; is made.

    Raises:
        OSError: the disk has no room for it.
    """
    if height * width < LARGE:
        return torch.empty(height, width, 3, dtype=torch.uint8).permute(2, 0, 1)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):  # a full disk says so here; behind a map it would end the process
            os.posix_fallocate(file.fileno(), 0, height * width * 3)
        pixels = np.memmap(file, dtype=np.uint8, mode="w+", shape=(height, width, 3))
    return torch.from_numpy(pixels).permute(2, 0, 1)
