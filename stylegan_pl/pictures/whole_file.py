"""Writes a file atomically: it is either complete or absent."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def written_whole(path: Path, *, by_several: bool = False) -> Iterator[Path]:
    """A temporary path to write to, renamed to `path` at the end: readers see the old or the complete new file.

    The folder is created. If writing fails, the temporary file is deleted.

    Args:
        by_several: whether several processes may write it at the same time.

    Raises:
        OSError: the folder cannot be written, or the disk is full; it names `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = unfinished(path)
    if by_several:
        partial = partial.with_name(f".{os.getpid()}{partial.name}")
    try:
        yield partial
        partial.replace(path)
    except BaseException as error:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename == str(partial):
            error.filename, error.filename2 = str(path), None  # nobody knows the temporary file
        raise


def unfinished(path: Path) -> Path:
    """The temporary path of a file: hidden, in the same folder, with a short name."""
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    return path.with_name(f".{digest}.partial{path.suffix}")
