"""One checkpoint as a file: written beside its name and renamed, or told in a line why not."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins import TorchCheckpointIO

from stylegan_pl.errors import UserError, first_line


class NotSaved(UserError):
    """A checkpoint could not be written; the one of before is whole."""


class PlainFiles(TorchCheckpointIO):
    """Writes to the very path: Lightning's own goes through main memory and $TMPDIR, which kills leave copies in."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Lightning's hook."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())  # a renamed file without its content is what a power cut leaves otherwise


def save_whole(trainer: L.Trainer, path: Path) -> None:
    """Save the run's state; all ranks call it, and the file is there whole or not at all.

    Raises:
        NotSaved: the disk is full, the folder is read-only, …
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        trainer.save_checkpoint(partial)
        if trainer.is_global_zero:
            partial.replace(path)
    except (OSError, RuntimeError) as error:  # torch wraps what the disk says
        reason = _of_the_disk(error)
        if reason is None:
            raise
        _remove(partial)
        raise NotSaved(f"{path}: cannot be saved ({reason})") from error
    trainer.strategy.barrier("checkpoint renamed")


def _of_the_disk(error: BaseException) -> str | None:
    """What the system said, however deep in the chain of exceptions; None: it is not about a file."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError):
            return found.strerror or first_line(found)
        found = found.__cause__ or found.__context__
    return "the disk took no more of it" if "PytorchStreamWriter" in str(error) else None


def _remove(path: Path) -> None:
    with suppress(OSError):  # the disk that would not take it
        path.unlink(missing_ok=True)
