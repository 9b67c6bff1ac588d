"""Two calls started together do not paint into one place: the second ends in a line before it has painted anything."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from stylegan_pl.errors import ConfigError
from stylegan_pl.pictures.plan import Plan
from stylegan_pl.pictures.whole_file import unfinished


@contextmanager
def alone_painting(place: Path, *, is_folder: bool) -> Iterator[None]:
    """Hold a lock on a result, or on the folder of several; nothing of it is left afterwards.

    Calls for one picture each may share a folder, as `xargs -P` starts them. Where the file system has no locks, nobody
    is kept out.

    Args:
        place: the picture, the film, or the folder.

    Raises:
        ConfigError: another call paints there.
    """
    path = place / ".painting.lock" if is_folder else unfinished(place).with_suffix(".lock")
    made = [folder for folder in path.parents if not folder.exists()]
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        said = f"output={place}: another call paints there; wait until it ends, or type another output="
        raise ConfigError(said) from None
    except (NotImplementedError, OSError):
        pass  # what cannot be written, the first result tells
    try:
        yield
    finally:
        if lock.is_locked:
            path.unlink(missing_ok=True)
            lock.release()
        with suppress(OSError):  # of those with a painting in them
            for folder in made:
                folder.rmdir()


def place_of(planned: Plan, output: Path) -> tuple[Path, bool]:
    """What a call writes: its one result, or a folder; and whether it is a folder."""
    if planned.is_one:
        return [*planned.jobs, *planned.there][0].result, False
    return output, True
