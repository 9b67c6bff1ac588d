"""Two calls started together do not paint into one place: the second ends in a line before it has painted anything."""

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
    with ExitStack() as afterwards:  # the last said is the first done
        afterwards.callback(_removed_if_empty, made)
        try:
            afterwards.enter_context(holding(path))
        except Timeout:
            said = f"output={place}: another call paints there; wait until it ends, or type another output="
            raise ConfigError(said) from None
        except OSError:
            pass  # what cannot be written, the first result tells
        else:
            afterwards.callback(path.unlink, missing_ok=True)
        yield


def _removed_if_empty(folders: list[Path]) -> None:
    with suppress(OSError):  # of those with a painting in them
        for folder in folders:
            folder.rmdir()


def place_of(planned: Plan, output: Path) -> tuple[Path, bool]:
    """What a call writes: its one result, or a folder; and whether it is a folder."""
    if planned.is_one:
        return [*planned.jobs, *planned.there][0].result, False
    return output, True
