"""Memory for a large painting: on disk if it is very large."""

import os
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

LARGE = 4096 * 4096  # pixels; larger paintings are in a file that the system can page out


def planes(image: Image.Image) -> Tensor:
    """RGB picture -> uint8 (3, H, W) in channels-last memory, which saves a copy."""
    return torch.from_numpy(np.array(image, dtype=np.uint8)).permute(2, 0, 1)


def canvas(height: int, width: int, folder: Path) -> Tensor:
    """An empty uint8 (3, H, W) in channels-last memory; a large one is an unnamed file, deleted with the tensor.

    Args:
        folder: where to put the file; is created.

    Raises:
        OSError: the disk is full.
    """
    if height * width < LARGE:
        return torch.empty(height, width, 3, dtype=torch.uint8).permute(2, 0, 1)
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):  # a full disk raises an error here; a mapped file would kill the process
            os.posix_fallocate(file.fileno(), 0, height * width * 3)
        pixels = np.memmap(file, dtype=np.uint8, mode="w+", shape=(height, width, 3))
    return torch.from_numpy(pixels).permute(2, 0, 1)
