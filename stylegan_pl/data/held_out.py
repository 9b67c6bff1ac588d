"""Finds the folder of validation pictures, in the layouts that public data sets use."""

import os
from functools import lru_cache
from pathlib import Path


def held_out_folder(root: Path, *, beside: bool) -> Path | None:
    """The first of: `root/val`; `root/test` if there is `root/train`; for a root `trainA`, `valA` or `testA` beside it.

    A `test` folder whose files are all training files, too, as in vangogh2photo, is ignored: scores would be wrong.

    Args:
        beside: whether to look beside the root as well.

    Returns:
        None if there is no such folder, so that a share of the pictures must be held out.
    """
    places = [(root / "val", root)]
    if (root / "train").is_dir():
        places.append((root / "test", root / "train"))
    elif beside and root.name.startswith("train"):
        places += [(root.with_name(f"{name}{root.name[len('train') :]}"), root) for name in ("val", "test")]
    return next((place for place, train in places if place.is_dir() and not _repeats(place, train)), None)


@lru_cache(maxsize=64)
def _repeats(place: Path, train: Path) -> bool:
    """Whether every file of `place` is in `train`, too, by name and size; cached per process."""
    files = _files(place)
    return bool(files) and files <= _files(train)


def _files(folder: Path) -> set[tuple[str, int]]:
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {(entry.name, entry.stat().st_size) for entry in entries if entry.is_file()}
