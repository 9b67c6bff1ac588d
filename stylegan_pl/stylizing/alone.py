"""Keeps two commands from painting into the same place: the second ends with one line and paints nothing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import Timeout

from stylegan_pl.errors import ConfigError
from stylegan_pl.pictures.plan import Plan
from stylegan_pl.pictures.whole_file import unfinished
from stylegan_pl.runs.lock import holding


@contextmanager
def alone_painting(place: Path, *, is_folder: bool) -> Iterator[None]:
    """Hold a lock on a result, or on the folder of several results; the lock's file is removed at the end.

    Commands that paint one picture each may share a folder, as `xargs -P` starts them. On a file system without locks
    nothing is protected.

    Args:
        place: the picture, the film, or the folder.

    Raises:
        ConfigError: another command paints there.
    """
    path = place / ".painting.lock" if is_folder else unfinished(place).with_suffix(".lock")
    made = [folder for folder in path.parents if not folder.exists()]
    with ExitStack() as afterwards:  # callbacks run in reverse order
        afterwards.callback(_removed_if_empty, made)
        try:
            afterwards.enter_context(holding(path))
        except Timeout:
            said = f"output={place}: another command paints there; wait until it ends, or type another output="
            raise ConfigError(said) from None
        except OSError:
            pass  # if the folder cannot be written, the first result reports it
        else:
            afterwards.callback(path.unlink, missing_ok=True)
        yield


def _removed_if_empty(folders: list[Path]) -> None:
    with suppress(OSError):  # a folder that holds a painting stays
        for folder in folders:
            folder.rmdir()


def place_of(planned: Plan, output: Path) -> tuple[Path, bool]:
    """The result or the folder that a command writes, and whether it is a folder."""
    if planned.is_one:
        return [*planned.jobs, *planned.there][0].result, False
    return output, True
