"""status.json: how a run is doing, for people and programs that look at its folder."""

import logging
import platform
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning as L
import torch

from stylegan_pl.callbacks.checkpoints import RunCheckpoints
from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.runs.status import read_status, write_status

_log = logging.getLogger(__name__)

_EVERY_S = 10.0  # seconds between updates while training
_PACKAGES = ("torch", "torchvision", "lightning", "hydra-core", "stylegan-pl")


def machine_facts() -> dict[str, Any]:
    """Host, Python version, versions of packages, and version of the code."""
    versions = {name: version(name) for name in _PACKAGES}
    return {
        "host": socket.gethostname(),
        "python": platform.python_version(),
        "versions": versions,
        "code_version": code_version(),
    }


def code_version() -> str:
    """The commit of a clone, with `-dirty` if there are changes; the package's version if there is no git."""
    describe = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        found = subprocess.run(
            describe, cwd=Path(__file__).parent, capture_output=True, text=True, timeout=5, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return version("stylegan-pl")
    return found.stdout.strip()


def peak_memory_gib() -> float | None:
    """Peak memory of this process in GiB: on its GPU if it used one, otherwise in main memory, without loader workers.

    None on Windows, which does not report it.
    """
    if torch.cuda.is_available() and torch.cuda.max_memory_allocated() > 0:
        return round(torch.cuda.max_memory_allocated() / 2**30, 3)
    if sys.platform == "win32":
        return None
    import resource  # missing on Windows

    unit = 2**30 if sys.platform == "darwin" else 2**20  # bytes on macOS, kilobytes on Linux
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 3)


class RunStatus(L.Callback):
    """Keeps images seen, the best score and the time taken in status.json up to date, every few seconds."""

    def __init__(self, run_dir: str) -> None:
        self.run_dir = Path(run_dir)
        self._written = 0.0
        self._began, self._earlier = time.monotonic(), 0.0

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Add the time that earlier processes of this run took."""
        self._began, self._earlier = time.monotonic(), read_status(self.run_dir).get("seconds") or 0.0

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: Any, batch: StylePair, batch_idx: int
    ) -> None:
        """Update status.json if it is due."""
        if trainer.is_global_zero and time.monotonic() - self._written > _EVERY_S:
            self._write(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the last count; `training/run.py` writes how the run ended."""
        if trainer.is_global_zero:
            self._write(trainer, pl_module)

    def _write(self, trainer: L.Trainer, model: L.LightningModule) -> None:
        """Write images seen, the best score and the time taken."""
        assert isinstance(model, TwoPlayerModule)
        if self._written and not (self.run_dir / "status.json").exists():
            _log.warning("%s was removed or renamed meanwhile; it is made again and written to", self.run_dir)
        self._written = time.monotonic()
        best = next((c.best_score for c in trainer.checkpoint_callbacks if isinstance(c, RunCheckpoints)), None)
        seconds = round(self._earlier + self._written - self._began, 1)
        # the state, too, in case the file was removed
        write_status(
            self.run_dir, state="running", images_seen=model.clock.images_seen, best_score=best, seconds=seconds
        )
