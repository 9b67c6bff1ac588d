"""Which states of a run are kept: the last, the best, and if asked, one every so many images."""

import logging
import math
import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Checkpoint

from stylegan_pl.callbacks.checkpoint_file import save_whole
from stylegan_pl.callbacks.evaluation import followed
from stylegan_pl.contracts import StylePair
from stylegan_pl.diagnosis.not_finite import weights_are_finite
from stylegan_pl.errors import DataError
from stylegan_pl.models.base import TwoPlayerModule

_log = logging.getLogger(__name__)


class RunCheckpoints(Checkpoint):
    """`last.ckpt` by the run's clock and its minutes, `best.ckpt` by a validation score of the averaged generator.

    A run without validations is saved as often as any other. A file is written beside its name and renamed: whatever
    kills the run, the previous one stays whole. A loader's worker that dies, or a set with too many bad files, ends the
    run between two batches: what was reached is saved.

    Args:
        folder: where they go.
        every_images: between saves of `last.ckpt`, all devices together; a validation saves it, too. A config.yaml
            of a run from before there were such saves does not give it.
        every_minutes: the most that is lost where images take long; None: `every_images` alone. With several ranks the
            first one's clock is asked at logged batches, when all wait for their device anyway.
        monitor: score that decides which is best, e.g. `val/kid`; None: the first metric's.
        mode: `min` or `max`; None: as the metric says.
        keep_every_images: also keep `images-000012000.ckpt`, at the first save past each multiple; None: none.
    """

    def __init__(
        self, folder: str, *, every_images: int = 10000, every_minutes: float | None = 10.0, monitor: str | None = None,
        mode: str | None = None, keep_every_images: int | None = None,
    ) -> None:  # fmt: skip
        if mode not in (None, "min", "max"):
            raise ValueError(f"mode must be min, max or null, got '{mode}'")
        if every_images < 1 or (every_minutes is not None and every_minutes <= 0):
            raise ValueError(
                f"every_images and every_minutes must be above 0, got {every_images} and {every_minutes}; try 10000 "
                "and 10"
            )
        self.folder, self.monitor, self.mode = Path(folder), monitor, mode
        self.every_images, self.every_minutes, self.keep_every_images = every_images, every_minutes, keep_every_images
        self.best_score: float | None = None
        self.best_images: int | None = None
        self.comparable = True  # false: a resumed run's scores are measured in another way than its checkpoint's
        self._kept = 0
        self._saved = (0, 0.0)  # when last.ckpt was: images seen, seconds of the monotonic clock

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Find out what is followed, and which way is better."""
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
        self.monitor, self.mode = followed(callbacks, self.monitor, self.mode)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clocks."""
        assert isinstance(pl_module, TwoPlayerModule)
        self._saved = (pl_module.clock.images_seen, time.monotonic())

    @property
    def last_path(self) -> Path:
        """Where the newest state is."""
        return self.folder / "last.ckpt"

    @property
    def best_path(self) -> Path:
        """Where the best state is, once there is a score."""
        return self.folder / "best.ckpt"

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: Any, batch: StylePair, batch_idx: int
    ) -> None:
        """Save where a clock says so, and neither a validation nor the end does it next."""
        waits = trainer.should_stop or _validation_follows(trainer)
        due = pl_module.clock.between_steps and not waits and self._is_due(trainer, pl_module, batch_idx)
        if due and weights_are_finite(pl_module):  # else `FiniteGuard` ends the run: what was saved before is good
            self._save(trainer, pl_module)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save, but not during Lightning's sanity check."""
        assert isinstance(pl_module, TwoPlayerModule)
        if trainer.sanity_checking:
            return
        score = None if self.monitor is None else trainer.callback_metrics.get(self.monitor)
        if score is not None and self._improves(float(score)):
            self.best_score, self.best_images = float(score), pl_module.clock.images_seen
            save_whole(trainer, self.best_path)
            offer(trainer, self.best_path, self.best_score)
        self._save(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save what was reached; without a validation score, it is also the best there is."""
        save_whole(trainer, self.last_path)
        if self.best_score is None:
            offer(trainer, self.last_path, None)

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Save where the data failed: no step was under way. Other ranks would not come to save with this one."""
        assert isinstance(pl_module, TwoPlayerModule)
        moved = pl_module.clock.images_seen > self._saved[0] and weights_are_finite(pl_module)
        if isinstance(exception, DataError) and moved and pl_module.clock.between_steps and trainer.world_size == 1:
            save_whole(trainer, self.last_path)
            _log.info("saved at %d images: %s", pl_module.clock.images_seen, self.last_path)

    def _is_due(self, trainer: L.Trainer, model: TwoPlayerModule, batch_idx: int) -> bool:
        images, seconds = self._saved
        if model.clock.images_seen - images >= self.every_images:
            return True
        if self.every_minutes is None:
            return False
        late = time.monotonic() - seconds >= 60.0 * self.every_minutes
        if trainer.world_size == 1:
            return late
        logged = (batch_idx + 1) % trainer.log_every_n_steps == 0  # type: ignore[attr-defined]  # set by a connector
        return logged and bool(trainer.strategy.broadcast(late))

    def _save(self, trainer: L.Trainer, model: TwoPlayerModule) -> None:
        if self.keep_every_images is not None and model.clock.images_seen // self.keep_every_images > self._kept:
            self._kept = model.clock.images_seen // self.keep_every_images
            save_whole(trainer, self.folder / f"images-{model.clock.images_seen:09d}.ckpt")
        save_whole(trainer, self.last_path)
        self._saved = (model.clock.images_seen, time.monotonic())

    def _improves(self, score: float) -> bool:
        if not math.isfinite(score):
            return False
        if self.best_score is None:
            return True
        return score < self.best_score if self.mode == "min" else score > self.best_score

    def state_dict(self) -> dict[str, Any]:
        """What decides whether the next score is a best one."""
        best = {"best_score": self.best_score, "best_images": self.best_images}
        return best | {"kept": self._kept, "monitor": self.monitor, "mode": self.mode}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """See `state_dict`. A score of another kind is forgotten: the next one is the best so far."""
        self._kept = int(state_dict["kept"])
        followed_before = (state_dict.get("monitor", self.monitor), state_dict.get("mode", self.mode))
        if self.comparable and followed_before == (self.monitor, self.mode):
            score, images = state_dict["best_score"], state_dict["best_images"]
            self.best_score, self.best_images = (None, None) if score is None else (float(score), int(images))
        elif state_dict["best_score"] is not None:
            _log.info(
                "best.ckpt begins anew: %s is not measured as %s %.4g was",
                self.monitor, followed_before[0], state_dict["best_score"],
            )  # fmt: skip


def _validation_follows(trainer: L.Trainer) -> bool:
    """Whether Lightning validates after this batch: whatever its scores change is to be saved, too."""
    every = trainer.val_check_batch
    batches = trainer.fit_loop.total_batch_idx + 1
    return sum(trainer.num_val_batches) > 0 and every != float("inf") and batches % int(every or 1) == 0


def offer(trainer: L.Trainer, path: Path, score: float | None) -> None:
    """Tell the loggers that keep checkpoints of the best there is."""
    for logger in trainer.loggers:
        if trainer.is_global_zero and (keep := getattr(logger, "log_checkpoint", None)) is not None:
            keep(path, score)
