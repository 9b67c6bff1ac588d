"""How much memory a picture may take, and the tiles that keep to it."""

import contextlib
import math
import os
from pathlib import Path

import torch

from stylegan_pl.errors import UserError
from stylegan_pl.inference.free_memory import SHARE, free_memory

_PICTURE_BYTES = 10  # a pixel's, beside activations: photograph and painting as bytes, one of them as Pillow holds it


def budget_bytes(memory_gb: float | None, device: torch.device, pixels: int) -> float:
    """What activations may take while a picture of so many pixels is painted.

    Args:
        memory_gb: the process's memory (of a GPU: what painting takes there), 10⁹ bytes; None: 70 % of what is free.

    Raises:
        UserError: memory_gb is not positive.
    """
    if memory_gb is not None and not memory_gb > 0:
        raise UserError(f"memory_gb={memory_gb} must be above 0; type memory_gb=4, or leave it out to use what is free")
    if device.type != "cpu":
        return 1e9 * memory_gb if memory_gb is not None else SHARE * _free_on(device)
    pictures = _PICTURE_BYTES * pixels
    return (1e9 * memory_gb - _resident() if memory_gb is not None else SHARE * free_memory()) - pictures


def tile_side(budget: float, pixel_bytes: float, *, overlap: int, stride: int) -> int:
    """The largest square tile whose activations keep to the budget, at most 4096: a multiple of `stride`.

    Raises:
        UserError: no tile with its overlaps does.
    """
    least = 2 * overlap + max(stride, 64)
    side = int(math.sqrt(max(budget, 0) / pixel_bytes)) // stride * stride
    if side < least:
        needed = least**2 * pixel_bytes
        raise UserError(
            f"this generator needs {needed / 1e9:.1f} GB for its smallest tile ({least} pixels), and may take "
            f"{max(budget, 0) / 1e9:.1f}; raise memory_gb=, or type tile={-(-least // 2 // stride) * stride} for tiles "
            "that overlap less and agree less"
        )
    return min(side, 4096)


def _free_on(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_memory()  # mps shares the machine's


def _resident() -> float:
    """Bytes that this process holds now."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 5e8  # where nobody says: torch, loaded
