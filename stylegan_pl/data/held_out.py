"""Chooses the pictures that are held out for validation: a folder of them, or a share by a hash of the name."""

import hashlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from stylegan_pl.pictures.tree import one_name


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


def held_out_names(names: Iterable[str], fraction: float) -> set[str]:
    """The names, without extension, that are for validation; by hash, so that a file stays in its split.

    If all hashes of a small folder fall into training, the file with the smallest hash is held out. Both files of a
    pair have the same name, and so are in the same split.
    """
    hashes = {stem(name): _unit_hash(stem(name)) for name in names}
    held_out = {name for name, value in hashes.items() if value < fraction}
    if not held_out and len(hashes) > 2 and fraction > 0:
        held_out = {min(hashes, key=lambda name: hashes[name])}
    return held_out


def stem(name: str) -> str:
    """A name without its extension, in one Unicode form."""
    return one_name(Path(name).with_suffix("").as_posix())


def _unit_hash(name: str) -> float:
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8], "big") / 2**64
