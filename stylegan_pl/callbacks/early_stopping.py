"""Ends a run before its budget if its score no longer improves."""

import logging
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import EarlyStopping as LightningEarlyStopping

from stylegan_pl.callbacks.evaluation import monitored_score

_log = logging.getLogger(__name__)


class EarlyStopping(LightningEarlyStopping):
    """Lightning's EarlyStopping, which monitors the score of `best.ckpt` by default; its state is in the checkpoint.

    Args:
        monitor: a log name such as `val/kid`; None: the first metric's.
        mode: min or max; None: the metric's own direction.
        patience: the run ends after this many validations in a row without a better score.
        min_delta: by how much a score must be better to count.
    """

    def __init__(
        self, *, monitor: str | None = None, mode: str | None = None, patience: int = 5, min_delta: float = 0.0
    ) -> None:
        if patience < 1 or min_delta < 0:
            raise ValueError(f"patience must be at least 1 and min_delta at least 0, got {patience} and {min_delta}")
        super().__init__(monitor or "", patience=patience, check_on_train_epoch_end=False, check_finite=False)
        self._options = (monitor, mode, min_delta)
        self.comparable = True  # see RunCheckpoints

    @property
    def state_key(self) -> str:
        """The same key for every monitored score, so that a resumed run finds its state."""
        return type(self).__qualname__

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Find out which score is monitored, and whether lower or higher is better."""
        monitor, mode, min_delta = self._options
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
        found, mode = monitored_score(callbacks, monitor, mode)
        super().__init__(
            found or "", min_delta=min_delta, patience=self.patience, mode=mode, check_on_train_epoch_end=False,
            strict=found is not None, check_finite=False,  # a score that is nan is not better
        )  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Lightning's state, and the name and direction of the monitored score."""
        return {**super().state_dict(), "monitor": self.monitor, "mode": self.mode}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the best score if it is of the same metric; patience is taken from the config."""
        before = (state_dict.get("monitor", self.monitor), state_dict.get("mode", self.mode))
        if self.comparable and before == (self.monitor, self.mode):
            best, waited = torch.as_tensor(state_dict["best_score"]).reshape(()), int(state_dict["wait_count"])
            super().load_state_dict({**state_dict, "best_score": best, "wait_count": waited, "patience": self.patience})

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Compare the score; if it ends the run, log the reason."""
        was_running = not trainer.should_stop
        super().on_validation_end(trainer, pl_module)
        if was_running and trainer.should_stop and trainer.is_global_zero:
            _log.info(
                "stopping early: %s has not become better than %.4g in %d validations; "
                "callbacks.early_stopping.patience=N waits longer",
                self.monitor, float(self.best_score), self.wait_count,
            )  # fmt: skip
