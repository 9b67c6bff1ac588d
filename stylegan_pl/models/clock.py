"""The run's clock: images seen, all devices together. All is counted in them, and every draw follows from them."""

from typing import Any

import numpy as np
import torch

from stylegan_pl.contracts import Progress
from stylegan_pl.models.mechanics import Mechanics


class Clock:
    """One for model, sampler, callbacks and loggers; it travels in checkpoints.

    Args:
        mechanics: seed, budget, and how many batches make a step.

    Attributes:
        images_seen: by the run so far.
        batches: of this rank.
        epoch_images: in an epoch, the larger of the two sets; known once the data are there.
    """

    def __init__(self, mechanics: Mechanics) -> None:
        self.mechanics = mechanics
        self.images_seen = 0
        self.batches = 0
        self.epoch_images = 0

    def progress(self) -> Progress:
        """How far the run is."""
        return Progress(self.images_seen, self.mechanics.total_images(self.epoch_images), self.epoch_images)

    def seed(self, rank: int) -> None:
        """Seed what is drawn in a step by (seed, images seen, rank).

        So a resumed run draws what an undisturbed one would have drawn, with no generator state to save.
        """
        sequence = np.random.SeedSequence([self.mechanics.seed, self.images_seen, rank])
        torch.manual_seed(int(sequence.generate_state(1, np.uint64)[0] >> 1))

    @property
    def step(self) -> int:
        """Steps that the generator has finished."""
        return max(0, self.batches - 1) // self.mechanics.accumulate_batches

    @property
    def discriminator_step(self) -> int:
        """Steps that the discriminator has finished."""
        return self.step // self.mechanics.generator_steps

    @property
    def discriminator_rests(self) -> bool:
        """Whether this step is the generator's alone."""
        return (self.step + 1) % self.mechanics.generator_steps != 0

    @property
    def between_steps(self) -> bool:
        """Whether no accumulated gradient is waiting: where a run may be stopped and resumed exactly."""
        return self.batches % self.mechanics.accumulate_batches == 0

    @property
    def is_over(self) -> bool:
        """Whether the budget is spent, and the last step whole."""
        return self.between_steps and self.images_seen >= self.progress().total_images

    def state(self) -> dict[str, int]:
        """What a checkpoint keeps."""
        return {"images_seen": self.images_seen, "batches": self.batches}

    def restore(self, checkpoint: dict[str, Any]) -> None:
        """See `state`."""
        self.images_seen, self.batches = checkpoint["images_seen"], checkpoint["batches"]
