"""Which states of a run are kept: the last, the best, and if asked, one every so many images."""

import math
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Checkpoint

from stylegan_pl.callbacks.evaluation import followed
from stylegan_pl.models.base import TwoPlayerModule


class RunCheckpoints(Checkpoint):
    """`last.ckpt` with every validation and at the end, `best.ckpt` by a validation score of the averaged generator.

    A file is written beside its name and renamed: whatever kills the run, the previous one stays whole.

    Args:
        folder: where they go.
        monitor: score that decides which is best, e.g. `val/kid`; None: the first metric's.
        mode: `min` or `max`; None: as the metric says.
        keep_every_images: also keep `images-000012000.ckpt`, at the first validation past each multiple; None: none.
    """

    def __init__(
        self, folder: str, *, monitor: str | None = None, mode: str | None = None, keep_every_images: int | None = None
    ) -> None:
        if mode not in (None, "min", "max"):
            raise ValueError(f"mode must be min, max or null, got '{mode}'")
        self.folder, self.monitor, self.mode = Path(folder), monitor, mode
        self.keep_every_images = keep_every_images
        self.best_score: float | None = None
        self.best_images: int | None = None
        self._kept = 0

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Find out what is followed, and which way is better."""
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
        self.monitor, self.mode = followed(callbacks, self.monitor, self.mode)

    @property
    def last_path(self) -> Path:
        """Where the newest state is."""
        return self.folder / "last.ckpt"

    @property
    def best_path(self) -> Path:
        """Where the best state is, once there is a score."""
        return self.folder / "best.ckpt"

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save, but not during Lightning's sanity check."""
        assert isinstance(pl_module, TwoPlayerModule)
        if trainer.sanity_checking:
            return
        score = None if self.monitor is None else trainer.callback_metrics.get(self.monitor)
        if score is not None and self._improves(float(score)):
            self.best_score, self.best_images = float(score), pl_module.images_seen
            save_whole(trainer, self.best_path)
        if self.keep_every_images is not None and pl_module.images_seen // self.keep_every_images > self._kept:
            self._kept = pl_module.images_seen // self.keep_every_images
            save_whole(trainer, self.folder / f"images-{pl_module.images_seen:09d}.ckpt")
        save_whole(trainer, self.last_path)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save what was reached; without a validation score, it is also the best there is."""
        save_whole(trainer, self.last_path)

    def _improves(self, score: float) -> bool:
        if not math.isfinite(score):
            return False
        if self.best_score is None:
            return True
        return score < self.best_score if self.mode == "min" else score > self.best_score

    def state_dict(self) -> dict[str, Any]:
        """What decides whether the next score is a best one."""
        return {"best_score": self.best_score, "best_images": self.best_images, "kept": self._kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See `state_dict`."""
        self.best_score, self.best_images = state_dict["best_score"], state_dict["best_images"]
        self._kept = state_dict["kept"]


def save_whole(trainer: L.Trainer, path: Path) -> None:
    """Save the run's state; all ranks call it, and the file is there whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    trainer.save_checkpoint(partial)
    if trainer.is_global_zero:
        partial.replace(path)
    trainer.strategy.barrier("checkpoint renamed")
