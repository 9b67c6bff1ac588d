"""The run's clock: images seen by all devices together. All intervals and all random draws depend on it."""

from typing import Any

import numpy as np
import torch

from stylegan_pl.contracts import Progress
from stylegan_pl.models.mechanics import Mechanics


class Clock:
    """The clock that model, sampler, callbacks and loggers share; saved in checkpoints.

    Args:
        mechanics: seed, budget, and batches per step.

    Attributes:
        images_seen: images seen by the run so far, on all devices.
        batches: batches of this rank so far.
        epoch_images: images in an epoch, the larger of the two sets; set after the data are built.
        images_in_time: images that this machine trains in `max_minutes`; None: not limited, or not measured yet.
    """

    def __init__(self, mechanics: Mechanics) -> None:
        self.mechanics = mechanics
        self.images_seen = 0
        self.batches = 0
        self.epoch_images = 0
        self.images_in_time: int | None = None

    def progress(self) -> Progress:
        """How far the run is."""
        return Progress(self.images_seen, self.total_images(self.epoch_images), self.epoch_images)

    def total_images(self, epoch_images: int) -> int:
        """The budget in images."""
        budget = self.mechanics.total_images(epoch_images)
        return budget if self.images_in_time is None else min(budget, self.images_in_time)

    def seed(self, rank: int) -> None:
        """Seed the random draws of a step by (seed, images seen, rank).

        So a resumed run has the same draws as an uninterrupted one, without saving any generator's state.
        """
        sequence = np.random.SeedSequence([self.mechanics.seed, self.images_seen, rank])
        torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0] >> 1))

    @property
    def step(self) -> int:
        """Number of steps that the generator has finished."""
        return max(0, self.batches - 1) // self.mechanics.accumulate_batches

    @property
    def discriminator_step(self) -> int:
        """Number of steps that the discriminator has finished."""
        return self.step // self.mechanics.generator_steps

    @property
    def discriminator_rests(self) -> bool:
        """Whether only the generator steps now."""
        return (self.step + 1) % self.mechanics.generator_steps != 0

    @property
    def between_steps(self) -> bool:
        """Whether no accumulated gradient is waiting, so that a run can be stopped and resumed exactly."""
        return self.batches % self.mechanics.accumulate_batches == 0

    @property
    def is_over(self) -> bool:
        """Whether the budget is used up and the last step is finished."""
        return self.between_steps and self.images_seen >= self.progress().total_images

    def state(self) -> dict[str, float | None]:
        """The clock's state for a checkpoint."""
        limits = {"images_in_time": self.images_in_time, "max_minutes": self.mechanics.max_minutes}
        return {"images_seen": self.images_seen, "batches": self.batches, **limits}

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """Set the clock from a checkpoint; if `max_minutes` has changed since, the speed will be measured again."""
        self.images_seen, self.batches = checkpoint["images_seen"], checkpoint["batches"]
        as_before = checkpoint.get("max_minutes") == self.mechanics.max_minutes
        self.images_in_time = checkpoint.get("images_in_time") if as_before else None
