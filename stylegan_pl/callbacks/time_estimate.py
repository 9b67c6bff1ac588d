"""Reports early how long a run will take, and keeps it within `max_minutes`."""

import logging
import math
import time

import lightning as L
import torch

from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.clock import Clock
from stylegan_pl.pictures.duration import duration

_log = logging.getLogger(__name__)

_UNTIMED = 5  # first steps that are not timed: loaders fill, kernels are chosen, networks compile
_DAY_S = 24 * 3600.0


class TimeEstimate(L.Callback):
    """After the first twenty steps, rank 0 logs once: "about 3 h 10 min for 40,000 images on this machine".

    It is computed from the steps so far, without the first five; validations come on top. If it is more than a day on
    a CPU, the message also says what to type for a shorter run. If it is more than `max_minutes`, the budget becomes
    the images that are possible in that time, so that learning rates fall as they do in a longer run.

    Args:
        steps: number of steps after which it is reported.
        smaller: what to type for a recipe that is fast enough on a CPU.

    Raises:
        ValueError: `steps` is too small.
    """

    def __init__(self, *, steps: int = 20, smaller: str) -> None:
        if steps <= _UNTIMED:
            raise ValueError(f"steps must be above {_UNTIMED}, which are not timed, got {steps}; try 20")
        self.steps, self.smaller = steps, smaller
        self._done = 0
        self._began = 0.0  # seconds
        self._started = (0.0, 0)  # seconds, images seen
        self._validating_since = 0.0

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the time that `max_minutes` limits."""
        self._began = time.monotonic()

    def on_train_batch_end(self, trainer: L.Trainer, pl_module: L.LightningModule, *_: object) -> None:
        """Time the steps; after `steps` of them, limit the budget and report."""
        self._done += 1
        if self._done not in (_UNTIMED, self.steps):
            return
        assert isinstance(pl_module, TwoPlayerModule)
        clock, device = pl_module.clock, pl_module.device.type
        if device == "cuda":  # wait, because kernels are only queued so far
            torch.cuda.synchronize()
        now = time.monotonic()
        if self._done == _UNTIMED:
            self._started = (now, clock.images_seen)
            return
        each = (now - self._started[0]) / max(clock.images_seen - self._started[1], 1)
        whole = clock.progress().total_images
        if clock.mechanics.max_minutes is not None and clock.images_in_time is None:
            seconds = clock.mechanics.max_minutes * 60 - (now - self._began)
            in_time = clock.images_seen + max(int(seconds / each), 0) if each > 0 else whole
            clock.images_in_time = trainer.strategy.broadcast(in_time)  # rank 0's, because every rank has timed its own
        left = clock.progress().total_images - clock.images_seen
        if left > 0 and trainer.is_global_zero:
            _log.info("%s", estimate(left, each, on_cpu=device == "cpu", smaller=self.smaller))
        if clock.progress().total_images < whole and trainer.is_global_zero:
            _log.info("%s", shortened(clock, whole, each))

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Pause timing."""
        self._validating_since = time.monotonic()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Continue timing."""
        validated, (started, images) = time.monotonic() - self._validating_since, self._started
        self._began, self._started = self._began + validated, (started + validated, images)


def estimate(images: int, seconds_each: float, *, on_cpu: bool, smaller: str) -> str:
    """The message for `images` that are left, at `seconds_each` seconds per image."""
    line = f"about {duration(images * seconds_each)} for {images:,} images on this machine"
    if not on_cpu or images * seconds_each <= _DAY_S:
        return line
    in_a_day = int(_DAY_S / seconds_each)
    digits = max(len(str(in_a_day)) - 2, 0)
    fewer = in_a_day // 10**digits * 10**digits
    return f"{line}, a CPU; for a recipe that it can do, type {smaller}; for a day of this one, max_images={fewer}"


def shortened(clock: Clock, whole: int, seconds_each: float) -> str:
    """The message for a budget of `whole` images that `max_minutes` has lowered."""
    typed, left = f"max_minutes={clock.mechanics.max_minutes:g}", clock.progress().total_images
    return (
        f"{typed}: {left:,} of {whole:,} images, as many as this machine trains in that time; for all of them, type "
        f"max_minutes={math.ceil(whole * seconds_each / 60)} or null"
    )
