"""How much memory a picture may take, and the tiles that keep to it."""

import contextlib
import math
import os
from pathlib import Path

import torch

from stylegan_pl.errors import UserError

_SHARE = 0.7  # of what is free: others live here, too
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
        return 1e9 * memory_gb if memory_gb is not None else _SHARE * _free_on(device)
    pictures = _PICTURE_BYTES * pixels
    return (1e9 * memory_gb - _resident() if memory_gb is not None else _SHARE * free_memory()) - pictures


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


def free_memory() -> float:
    """Bytes that this machine, or the container this process is in, has left."""
    found = [_meminfo_available(), _cgroup_left()]
    known = [value for value in found if value is not None]
    return min(known) if known else 0.5 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _free_on(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_memory()  # mps shares the machine's


def _resident() -> float:
    """Bytes that this process holds now."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 5e8  # where nobody says: torch, loaded


def _meminfo_available() -> float | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    return None


def _cgroup_left() -> float | None:
    """Of a container's limit; version 2, then version 1."""
    root = Path("/sys/fs/cgroup")
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):  # "max": no limit
            return float(int((root / limit).read_text()) - int((root / used).read_text()))
    return None
