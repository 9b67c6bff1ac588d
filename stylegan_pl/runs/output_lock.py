"""Keeps two commands from writing into the same place: the second ends with one line and writes nothing."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from filelock import Timeout

from stylegan_pl.errors import ConfigError
from stylegan_pl.pictures.whole_file import unfinished
from stylegan_pl.runs.lock import holding


@contextmanager
def alone_writing(place: Path, *, is_folder: bool, option: str = "output") -> Iterator[None]:
    """Hold a lock on a result, or on the folder of several results; the lock's file is removed at the end.

    Check for an existing result inside the lock: another command may just have finished it.
    Commands that write one file each may share a folder, as `xargs -P` starts them. On a file system without locks
    nothing is protected.

    Args:
        place: the picture, the film, another file, or the folder.
        option: the option that names it, for the message.

    Raises:
        ConfigError: another command writes there.
    """
    path = place / ".writing.lock" if is_folder else unfinished(place).with_suffix(".lock")
    made = [folder for folder in path.parents if not folder.exists()]
    with ExitStack() as afterwards:  # callbacks run in reverse order
        afterwards.callback(_removed_if_empty, made)
        try:
            afterwards.enter_context(holding(path))
        except Timeout:
            if not path.exists():  # nobody holds it: no file can be made there, as the first result reports
                yield
                return
            message = f"{option}={place}: another command writes there; wait until it ends, or type another {option}="
            raise ConfigError(message) from None
        except OSError:
            pass  # if the folder cannot be written, the first result reports it
        else:
            afterwards.callback(path.unlink, missing_ok=True)
        yield


def _removed_if_empty(folders: list[Path]) -> None:
    with suppress(OSError):  # a folder that holds a result stays
        for folder in folders:
            folder.rmdir()
