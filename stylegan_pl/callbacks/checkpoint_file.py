"""Saves a checkpoint as a temporary file and renames it when it is complete; a failure is one clear line."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins import TorchCheckpointIO

from stylegan_pl.errors import UserError, of_the_disk
from stylegan_pl.runs.signals import deferred


class NotSaved(UserError):
    """A checkpoint could not be written; the previous one is still complete."""


class PlainFiles(TorchCheckpointIO):
    """Writes directly to the path; Lightning's goes through memory and $TMPDIR, where a killed run leaves copies."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        """Lightning's hook."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("wb") as file:
            torch.save(checkpoint, file)
            file.flush()
            os.fsync(file.fileno())  # without it, a power cut may leave the renamed file without its content


def save_whole(trainer: L.Trainer, path: Path) -> None:
    """Save the run's state; all ranks must call it. The file is either complete or absent.

    A signal that comes meanwhile, such as a second Ctrl-C, waits: it must not cost what the first one saves.

    Raises:
        NotSaved: the disk is full, the folder is read-only, …
    """
    partial = path.with_name(f".{path.name}.partial")
    try:
        with deferred():
            trainer.save_checkpoint(partial)
            if trainer.is_global_zero:
                partial.replace(path)
    except (OSError, RuntimeError) as error:  # torch wraps the system's error
        reason = of_the_disk(error)
        if reason is None:
            raise
        _remove(partial)
        raise NotSaved(f"{path}: cannot be saved ({reason})") from error
    trainer.strategy.barrier("checkpoint renamed")


def _remove(path: Path) -> None:
    with suppress(OSError):  # the same disk may refuse this, too
        path.unlink(missing_ok=True)
