"""Ends a run between two batches, and saves its state, on Ctrl-C, a scheduler's signal or a closed terminal."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import lightning as L
import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.runs.signals import handled, raising

INTERRUPTED, PREEMPTED = 130, 75  # exit codes: Ctrl-C; resumable, and a scheduler may start it again

_PRIORITY = {"SIGINT": 1, "SIGHUP": 2, "SIGTERM": 2, "SIGUSR1": 3, "SIGUSR2": 3}
"""Signal -> priority; if ranks received different ones, the highest priority counts."""
_REQUEUE = 3  # priority of the signals that ask for the job to be requeued
_PATIENCE_S = 5.0  # seconds in which a batch that is waited for may still come; schedulers wait for thirty


def _never() -> float:
    return 0.0


class StoppedEarly(SystemExit):
    """A scheduler's signal before training has started or once the last checkpoint is saved: nothing to save."""

    def __init__(self, number: int) -> None:
        super().__init__(PREEMPTED)
        self.wants_requeue = _PRIORITY[signal.Signals(number).name] == _REQUEUE


class StoppedWaiting(BaseException):
    """Told to end while pictures do not come; the run is between two batches, so its state can be saved.

    As `KeyboardInterrupt`, it is raised wherever the run waits, and nobody who handles errors may catch it.
    """

    def __init__(self, number: signal.Signals) -> None:
        super().__init__(f"{number.name} while waiting for pictures")
        self.number = number


@contextmanager
def ending_at_once() -> Iterator[None]:
    """During set-up and the end of a run: schedulers' signals raise `StoppedEarly`, Ctrl-C `KeyboardInterrupt`."""
    with raising(StoppedEarly, [name for name in _PRIORITY if name != "SIGINT"]):
        yield


class GracefulStop(L.Callback):
    """On the first signal the batch is finished; then checkpoints and loggers are closed as at the end of a run.

    It is enough if one rank receives the signal. Ranks exchange this after every batch, on the CPU and while the next
    batch is computed, so they wait for no device; with several ranks a run therefore ends one batch later. USR1
    (Slurm's `--signal=USR1@120`) and USR2 (submitit) ask for the job to be requeued. TERM does not, because `scancel`
    sends it, and a cancelled job must not start again.

    A second Ctrl-C interrupts at once.

    If the next batch does not come, a signal ends the run without it (`StoppedWaiting`); with one rank only, since the
    others would wait for this one.
    """

    def __init__(self) -> None:
        self.received: signal.Signals | None = None
        self.stopped_for = 0  # priority of the signal that stops the run; 0: none
        self._agreed = 0
        self._pending: tuple[torch.distributed.Work, Tensor] | None = None
        self._group: Any = None  # None: the default group of all ranks
        self._previous: dict[int, Any] = {}
        self._waited_s: Callable[[], float] = _never

    @property
    def exit_code(self) -> int:
        """0, or 130 after Ctrl-C, or 75 after another signal."""
        if self.stopped_for == 0:
            return 0
        return INTERRUPTED if self.stopped_for == _PRIORITY["SIGINT"] else PREEMPTED

    @property
    def wants_requeue(self) -> bool:
        """Whether the scheduler should start the job again."""
        return self.stopped_for == _REQUEUE

    @contextmanager
    def listening(self, waited_s: Callable[[], float] = _never) -> Iterator[None]:
        """Handle signals during a whole `fit`; after a signal while data are loaded, the first batch is the last.

        The original handlers are restored only here: Lightning saves the handlers that it finds, which are ours, and
        restores them after all callbacks.

        Args:
            waited_s: how long the run has waited for its next batch; 0 while it waits for none.

        Raises:
            StoppedWaiting: a signal came while the run waited for pictures in vain.
        """
        self._listen()
        before = dict(self._previous)
        self._waited_s = waited_s
        try:
            yield
        finally:
            self._waited_s = _never
            self._previous = before
            self._restore()

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Create a process group on the CPU, so that exchanging signals waits for no device."""
        if trainer.world_size > 1 and torch.distributed.get_backend() != "gloo":
            self._group = torch.distributed.new_group(backend="gloo")  # NCCL's results would be on a GPU

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Set our handlers again, because Lightning has set its own for TERM."""
        self._listen()

    def _listen(self) -> None:
        for number in handled(_PRIORITY):
            before = signal.signal(number, self._note)
            self._previous.setdefault(number, before)

    def say_again(self) -> None:
        """Called by another thread while the run waits: repeat the signal that came, if the run waits in vain."""
        main = threading.main_thread().ident
        if self.received is not None and self._waited_s() >= _PATIENCE_S and main and hasattr(signal, "pthread_kill"):
            signal.pthread_kill(main, self.received)  # interrupts whatever that thread waits for

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self._waited_s() >= _PATIENCE_S:
            self.received = self.received or signal.Signals(number)
            self.stopped_for = _PRIORITY[self.received.name]
            raise StoppedWaiting(self.received)
        if self.received is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.received = signal.Signals(number)

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: Any, batch: StylePair, batch_idx: int
    ) -> None:
        """Stop only after both players have stepped: a run cannot resume in the middle of an accumulated step."""
        self._agree(trainer.world_size)
        if self._agreed and pl_module.clock.between_steps and not trainer.should_stop:  # else the budget ends it
            self.stopped_for = self._agreed
            trainer.should_stop = True

    def _agree(self, ranks: int) -> None:
        """The highest signal of all ranks at the end of their last batch; with one rank, its signal now."""
        own = 0 if self.received is None else _PRIORITY[self.received.name]
        if ranks == 1:
            self._agreed = own
            return
        self._collect()
        if self._agreed == 0:
            flag = torch.tensor(own)
            work = torch.distributed.all_reduce(
                flag, op=torch.distributed.ReduceOp.MAX, group=self._group, async_op=True
            )
            assert work is not None
            self._pending = (work, flag)

    def _collect(self) -> None:
        if self._pending is not None:
            work, flag = self._pending
            work.wait()
            self._agreed, self._pending = int(flag), None

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Restore the signals' handlers."""
        self._collect()  # no rank may end while others still wait for its answer
        self._restore()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Restore the signals' handlers."""
        self._restore()

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Restore the signals' handlers."""
        self._restore()

    def _restore(self) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._previous.clear()
