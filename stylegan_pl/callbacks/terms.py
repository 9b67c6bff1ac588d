"""Logs losses, learning rates and speed to every logger, against images seen."""

import time
from typing import Any

import lightning as L

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule


class TermLog(L.Callback):
    """Logs every `trainer.log_every_n_steps` batches only, because reading a loss waits for the device.

    Of each term, its newest value since the last log: a penalty may be due in few batches.
    """

    def __init__(self) -> None:
        self._since = (time.monotonic(), 0)
        self._newest: dict[str, Any] = {}

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note the time, for the speed."""
        assert isinstance(pl_module, TwoPlayerModule)
        self._since = (time.monotonic(), pl_module.clock.images_seen)

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns the terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: dict[str, Any], batch: StylePair, batch_idx: int
    ) -> None:
        """Log the terms, averaged over ranks."""
        self._newest |= outputs
        if (batch_idx + 1) % trainer.log_every_n_steps != 0:  # type: ignore[attr-defined]  # set by a connector
            return
        found, self._newest = self._newest, {}
        terms = {name: trainer.strategy.reduce(found[name], reduce_op="mean") for name in sorted(found)}
        scalars: dict[str, float] = {name: float(term) for name, term in terms.items()}
        for player, optimizer in zip(pl_module.players, trainer.optimizers, strict=True):
            scalars[f"train/{player}/learning_rate"] = optimizer.param_groups[0]["lr"]
        scalars["train/images_per_second"] = self._rate(pl_module.clock.images_seen)
        log_scalars(trainer, scalars, pl_module.clock.images_seen)

    def _rate(self, images_seen: int) -> float:
        now = time.monotonic()
        then, images_then = self._since
        self._since = (now, images_seen)
        return (images_seen - images_then) / max(now - then, 1e-9)


def log_scalars(trainer: L.Trainer, scalars: dict[str, float], images_seen: int) -> None:
    """Send numbers to every logger of rank 0; the x axis is images seen."""
    if trainer.is_global_zero and not trainer.sanity_checking:
        for logger in trainer.loggers:
            logger.log_metrics({**scalars, "images_seen": images_seen}, step=images_seen)
