"""Which folder holds the pictures that are kept for validation, as the data sets that people have lay them out."""

import os
from functools import lru_cache
from pathlib import Path


def held_out_folder(root: Path, *, beside: bool) -> Path | None:
    """`val/` below a folder; else `test/` beside its `train/`; of a root `trainA` the `valA` or `testA` beside it.

    A `test` folder whose files are all among those to train on, as vangogh2photo's, would make scores lie: it is none.

    Args:
        beside: whether to look beside the root, too.

    Returns:
        None: there is none, and a share of the pictures has to be held out.
    """
    places = [(root / "val", root)]
    if (root / "train").is_dir():
        places.append((root / "test", root / "train"))
    elif beside and root.name.startswith("train"):
        places += [(root.with_name(f"{name}{root.name[len('train') :]}"), root) for name in ("val", "test")]
    return next((place for place, train in places if place.is_dir() and not _repeats(place, train)), None)


@lru_cache(maxsize=64)
def _repeats(place: Path, train: Path) -> bool:
    """Whether each file of a folder is in another, too, by name and size; looked at once a process."""
    files = _files(place)
    return bool(files) and files <= _files(train)


def _files(folder: Path) -> set[tuple[str, int]]:
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {(entry.name, entry.stat().st_size) for entry in entries if entry.is_file()}
