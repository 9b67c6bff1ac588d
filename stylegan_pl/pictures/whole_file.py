"""A file that is there whole or not at all, however its writing ends."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def written_whole(path: Path, *, by_several: bool = False) -> Iterator[Path]:
    """A path to write to, renamed to `path` at the end: whoever reads finds the file of before, or the whole new one.

    Its folder is made. Where the writing fails, nothing is left.

    Args:
        by_several: whether several processes may write it at the same time.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = unfinished(path)
    if by_several:
        partial = partial.with_name(f".{os.getpid()}{partial.name}")
    try:
        yield partial
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def unfinished(path: Path) -> Path:
    """Where a file is written until it is whole: hidden, beside its place, in a short name however long its own is."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".{digest}.partial{path.suffix}")
