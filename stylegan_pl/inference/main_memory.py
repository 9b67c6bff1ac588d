"""How much main memory painting a picture may use; without torch."""

import contextlib
import os
from pathlib import Path

from stylegan_pl.errors import ConfigError

SHARE = 0.7  # of free memory, because other programs need some
_PICTURE_BYTES = 10  # per pixel, besides activations: photograph and painting as bytes, and Pillow's copy of one


def main_memory_budget(memory_gb: float | None, pixels: int) -> float:
    """Bytes of main memory for activations while a picture of `pixels` pixels is painted.

    Args:
        memory_gb: memory of the process, 10⁹ bytes; None: 70 % of free memory.

    Raises:
        ConfigError: memory_gb is not positive.
    """
    check_memory_gb(memory_gb)
    left = 1e9 * memory_gb - _resident() if memory_gb is not None else SHARE * free_memory()
    return left - _PICTURE_BYTES * pixels


def check_memory_gb(memory_gb: float | None) -> None:
    """Raise ConfigError unless it is positive."""
    if memory_gb is not None and not memory_gb > 0:
        raise ConfigError(f"memory_gb={memory_gb} must be above 0; type memory_gb=4, or leave it out for what is free")


def free_memory() -> float:
    """Free bytes of this machine, or of the container that this process runs in."""
    found = [_meminfo_available(), _cgroup_left()]
    known = [value for value in found if value is not None]
    return min(known) if known else 0.5 * os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def _meminfo_available() -> float | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return 1024.0 * int(line.split()[1])
    return None


def _cgroup_left() -> float | None:
    """Free bytes below the container's limit, by cgroup version 2, then 1."""
    root = Path("/sys/fs/cgroup")
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):  # "max" means no limit
            return float(int((root / limit).read_text()) - int((root / used).read_text()))
    return None


def _resident() -> float:
    """Bytes that this process uses now."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 5e8  # if unknown: about what torch uses after its import
