"""What main memory is left, without torch."""

import contextlib
import os
from pathlib import Path

SHARE = 0.7  # of it that a picture may take: others live here, too


def free_memory() -> float:
    """Bytes that this machine, or the container this process is in, has left."""
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
    """Of a container's limit; version 2, then version 1."""
    root = Path("/sys/fs/cgroup")
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with contextlib.suppress(OSError, ValueError):  # "max": no limit
            return float(int((root / limit).read_text()) - int((root / used).read_text()))
    return None
