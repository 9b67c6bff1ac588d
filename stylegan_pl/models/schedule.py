"""Learning-rate schedules: functions of how far a run is, without state to restore."""

import math

from stylegan_pl.contracts import Progress


class Constant:
    """Factor 1."""

    def __call__(self, progress: Progress) -> float:
        """See the class."""
        return 1.0


class LinearDecay:
    """1 for the first `constant` share of the budget, then straight to `final` at its end.

    CycleGAN's 100 + 100 epochs are `constant` 0.5, in images instead of by epoch.
    """

    def __init__(self, *, constant: float = 0.5, final: float = 0.0) -> None:
        if not 0 <= constant <= 1:
            raise ValueError(f"constant is a share of the budget, in [0, 1], got {constant}")
        self.constant, self.final = constant, final

    def __call__(self, progress: Progress) -> float:
        """See the class."""
        done = min(progress.images_seen / progress.total_images, 1.0)
        if done <= self.constant:
            return 1.0
        return 1.0 + (self.final - 1.0) * (done - self.constant) / (1.0 - self.constant)


class Cosine:
    """½ (1 + cos π t) between 1 and `final`, t the share of the budget done (Loshchilov and Hutter, 2017).

    Args:
        warm_up_images: over the first images the factor also grows straight from 0: a generator that starts at the
            photograph must not be thrown off it by Adam's first steps, all of which are full ones.
    """

    def __init__(self, *, final: float = 0.0, warm_up_images: int = 0) -> None:
        if warm_up_images < 0:
            raise ValueError(f"warm_up_images must be at least 0, got {warm_up_images}")
        self.final, self.warm_up_images = final, warm_up_images

    def __call__(self, progress: Progress) -> float:
        """See the class."""
        done = min(progress.images_seen / progress.total_images, 1.0)
        fallen = self.final + (1.0 - self.final) * 0.5 * (1.0 + math.cos(math.pi * done))
        return fallen * min(1.0, (progress.images_seen + 1) / (self.warm_up_images + 1))


class LinearDecayByEpoch:
    """1 − max(0, e + 1 − n) / (n_decay + 1) in epoch e = 0, 1, …: CycleGAN's and CUT's published rule, epoch by epoch.

    One epoch is a pass over the larger set. `LinearDecay` is the same slope without the steps.

    Args:
        constant_epochs: n.
        decay_epochs: n_decay; give the run a budget of max_epochs = n + n_decay.
    """

    def __init__(self, *, constant_epochs: int = 100, decay_epochs: int = 100) -> None:
        self.constant_epochs, self.decay_epochs = constant_epochs, decay_epochs

    def __call__(self, progress: Progress) -> float:
        """See the class."""
        epoch = progress.images_seen // progress.epoch_images
        return max(0.0, 1.0 - max(0, epoch + 1 - self.constant_epochs) / (self.decay_epochs + 1))


class InverseTime:
    """1 / (1 + decay · i) at iteration i, of `batch_images` images each: AdaIN's published rule.

    Args:
        decay: a step.
        batch_images: images of a step in the paper; so the rule is one of images, whatever batch is trained with.
    """

    def __init__(self, *, decay: float = 5e-5, batch_images: int = 8) -> None:
        self.decay, self.batch_images = decay, batch_images

    def __call__(self, progress: Progress) -> float:
        """See the class."""
        return 1.0 / (1.0 + self.decay * progress.images_seen / self.batch_images)
