"""Ctrl-C and SIGTERM end a run between two batches, with its state saved."""

import signal
from types import FrameType
from typing import Any

import lightning as L

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule

EXIT_CODES = {signal.SIGINT: 130, signal.SIGTERM: 75}  # interrupted; preempted and resumable


class GracefulStop(L.Callback):
    """The first signal lets the batch finish; checkpoints and loggers then end as at the end of a run.

    A second Ctrl-C interrupts at once.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self._previous: dict[int, Any] = {}

    @property
    def exit_code(self) -> int:
        """0, or by convention for the signal."""
        return 0 if self.received is None else EXIT_CODES[self.received]

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Listen."""
        for number in EXIT_CODES:
            self._previous[number] = signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: Any, batch: StylePair, batch_idx: int
    ) -> None:
        """Stop where both players have stepped: half an accumulated step cannot be resumed."""
        asked = trainer.strategy.reduce_boolean_decision(self.received is not None, all=False)
        if asked and pl_module.between_steps:
            trainer.should_stop = True

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Give the signals back."""
        self._restore()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Give the signals back."""
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
