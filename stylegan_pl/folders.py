"""A folder as the list of all its files."""

import os
from pathlib import Path


def files_below(folder: Path) -> list[Path]:
    """All files of a tree, sorted by path; hidden ones are passed over, links followed, each real folder seen once."""
    found: list[Path] = []
    seen: set[str] = set()
    for current, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(current)
        if real in seen:  # a loop of symbolic links
            folders.clear()
            continue
        seen.add(real)
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(current, name) for name in files if not name.startswith(".")]
    return sorted(found)
