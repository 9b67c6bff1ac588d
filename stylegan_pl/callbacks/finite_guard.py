"""Ends a run whose losses or weights are nan or infinite, before a checkpoint contains them."""

from typing import Any

import lightning as L
import torch

from stylegan_pl.callbacks.checkpoints import RunCheckpoints
from stylegan_pl.contracts import StylePair
from stylegan_pl.diagnosis.not_finite import ADVICE, not_finite_terms, weights_are_finite
from stylegan_pl.errors import UserError
from stylegan_pl.models.base import TwoPlayerModule


class FiniteGuard(L.Callback):
    """Checks the terms whenever they are logged, and the weights before each validation and at the end.

    Of each term, its newest value since the last check is looked at, as in `terms.TermLog`. Checkpoints are saved after
    these checks, so the newest one never contains nan. In half precision the loss scaler skips a step that overflows,
    so a term may be nan in one check, but not in two in a row.

    Raises:
        UserError: names what is not finite, what to type, and the last good checkpoint.
    """

    def __init__(self) -> None:
        self._last_was_bad = False
        self._newest: dict[str, torch.Tensor] = {}

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns the terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: dict[str, Any], batch: StylePair, batch_idx: int
    ) -> None:
        """Check the terms. All ranks see the mean over all ranks, so they end together."""
        self._newest |= outputs
        if (batch_idx + 1) % trainer.log_every_n_steps != 0:  # type: ignore[attr-defined]  # set by a connector
            return
        found, self._newest = self._newest, {}
        names = sorted(found)
        values = torch.stack([found[name].float() for name in names])
        values = trainer.strategy.reduce(values, reduce_op="mean")
        bad = not_finite_terms(dict(zip(names, values.tolist(), strict=True)))
        scaled = getattr(trainer.precision_plugin, "scaler", None) is not None
        if bad and (self._last_was_bad or not scaled):
            raise _not_finite(trainer, pl_module, ", ".join(bad))
        self._last_was_bad = bool(bad)

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Check the weights, because a checkpoint follows."""
        self._check_weights(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Check the weights, because a checkpoint follows."""
        self._check_weights(trainer, pl_module)

    def _check_weights(self, trainer: L.Trainer, model: L.LightningModule) -> None:
        bad = trainer.strategy.reduce_boolean_decision(not weights_are_finite(model), all=False)
        if bad:
            raise _not_finite(trainer, model, "a network's weights")


def _not_finite(trainer: L.Trainer, model: L.LightningModule, what: str) -> UserError:
    assert isinstance(model, TwoPlayerModule)
    kept = next((c.last_path for c in trainer.checkpoint_callbacks if isinstance(c, RunCheckpoints)), None)
    good = f"; {kept} is from before" if kept is not None and kept.exists() else ""
    return UserError(f"{what}: nan or infinite after {model.clock.images_seen:,} images; {ADVICE}{good}")
