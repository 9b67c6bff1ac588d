"""Which checkpoints a run keeps: the last, the best and, if asked, one every N images."""

import logging
import math
import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Checkpoint

from stylegan_pl.callbacks.checkpoint_file import save_whole
from stylegan_pl.callbacks.evaluation import monitored_score
from stylegan_pl.callbacks.graceful_stop import StoppedWaiting
from stylegan_pl.contracts import StylePair
from stylegan_pl.diagnosis.not_finite import weights_are_finite
from stylegan_pl.errors import DataError
from stylegan_pl.models.base import TwoPlayerModule

_log = logging.getLogger(__name__)


class RunCheckpoints(Checkpoint):
    """Saves `last.ckpt` by images seen and by minutes, and `best.ckpt` by a validation score of the averaged generator.

    Saving does not depend on validation. A file is written under a temporary name and renamed, so if the run is killed,
    the previous checkpoint is still complete. If a loader's worker dies, or a set has too many bad files, the run ends
    between two batches and its state is saved.

    Args:
        folder: where the checkpoints are written.
        every_images: images between saves of `last.ckpt`, all devices together; each validation saves it, too. It has a
            default, because the config.yaml of an old run does not have this key.
        every_minutes: largest time between saves, for slow runs; None: only `every_images` counts. With several ranks,
            rank 0's time is asked at logged batches only, when all ranks wait for their device anyway.
        monitor: score that decides which checkpoint is best, e.g. `val/kid`; None: the first metric's.
        mode: `min` or `max`; None: the metric's own direction.
        keep_every_images: also keep `images-000012000.ckpt`, at the first save past each multiple; None: keep none.

    Raises:
        ValueError: `mode` is unknown, or `every_images` or `every_minutes` is not above 0.
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
        self.comparable = True  # False if a resumed run measures its scores in another way than its checkpoint did
        self._kept = 0
        self._saved = (0, 0.0)  # when last.ckpt was saved: images seen, seconds of the monotonic clock

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Find out which score is monitored, and whether lower or higher is better."""
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
        self.monitor, self.mode = monitored_score(callbacks, self.monitor, self.mode)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Count images and time from the start of this process."""
        assert isinstance(pl_module, TwoPlayerModule)
        self._saved = (pl_module.clock.images_seen, time.monotonic())

    @property
    def last_path(self) -> Path:
        """Path of the newest checkpoint."""
        return self.folder / "last.ckpt"

    @property
    def best_path(self) -> Path:
        """Path of the best checkpoint; the file exists once there is a score."""
        return self.folder / "best.ckpt"

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: Any, batch: StylePair, batch_idx: int
    ) -> None:
        """Save if it is due by images or minutes, unless a validation saves next; and before the last validation.

        A scheduler that ends the run waits for seconds, and the validation may take minutes.
        """
        due = trainer.should_stop or (not _validation_follows(trainer) and self._is_due(trainer, pl_module, batch_idx))
        if due and pl_module.clock.between_steps and weights_are_finite(pl_module):
            self._save(trainer, pl_module)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save `last.ckpt`, and `best.ckpt` if the score is better; not in Lightning's sanity check."""
        assert isinstance(pl_module, TwoPlayerModule)
        if trainer.sanity_checking:
            return
        score = None if self.monitor is None else trainer.callback_metrics.get(self.monitor)
        if score is not None and self._improves(float(score)):
            self.best_score, self.best_images = float(score), pl_module.clock.images_seen
            save_whole(trainer, self.best_path)
            _offer(trainer, self.best_path, self.best_score)
        self._save(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Save the last state; without any validation score it is also the best."""
        save_whole(trainer, self.last_path)
        if self.best_score is None:
            _offer(trainer, self.last_path, None)

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Save after an error in the data or of a file (metrics.csv), or told to end while the run waits for data.

        None of them leaves a step half done.

        Only with one rank, because saving needs all ranks, and the others had no error.
        """
        assert isinstance(pl_module, TwoPlayerModule)
        moved = pl_module.clock.images_seen > self._saved[0] and weights_are_finite(pl_module)
        if (
            isinstance(exception, DataError | OSError | StoppedWaiting)
            and moved
            and pl_module.clock.between_steps
            and trainer.world_size == 1
        ):
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
        """The best score so far, and which score it is."""
        best = {"best_score": self.best_score, "best_images": self.best_images}
        return best | {"kept": self._kept, "monitor": self.monitor, "mode": self.mode}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the best score so far, unless it is of another metric or was measured in another way.

        Nor if there is no best.ckpt: the checkpoint is of another folder, whose weights this one does not have.
        """
        self._kept = int(state_dict["kept"])
        followed_before = (state_dict.get("monitor", self.monitor), state_dict.get("mode", self.mode))
        if self.comparable and followed_before == (self.monitor, self.mode):
            score, images = state_dict["best_score"], state_dict["best_images"]
            best = (None, None) if score is None else (float(score), int(images))
            if self.best_path.exists():
                self.best_score, self.best_images = best
        elif state_dict["best_score"] is not None:
            _log.info(
                "best.ckpt begins anew: %s is not measured as %s %.4g was",
                self.monitor, followed_before[0], state_dict["best_score"],
            )  # fmt: skip


def _validation_follows(trainer: L.Trainer) -> bool:
    """Whether Lightning validates after this batch; a save after the validation then includes its scores."""
    every = trainer.val_check_batch
    batches = trainer.fit_loop.total_batch_idx + 1
    return sum(trainer.num_val_batches) > 0 and every != float("inf") and batches % int(every or 1) == 0


def _offer(trainer: L.Trainer, path: Path, score: float | None) -> None:
    """Pass the best checkpoint to the loggers that keep checkpoints."""
    for logger in trainer.loggers:
        if trainer.is_global_zero and (keep := getattr(logger, "log_checkpoint", None)) is not None:
            keep(path, score)
