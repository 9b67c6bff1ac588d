"""Learning-rate schedules: functions of progress, without state."""

import math

from stylegan_pl.contracts import Progress


class Constant:
    """A constant learning rate."""

    def __call__(self, progress: Progress) -> float:
        """The factor on the base learning rate."""
        return 1.0


class LinearDecay:
    """1 for the first `constant` share of the budget, then linear to `final` at its end.

    CycleGAN's 100 + 100 epochs are `constant` 0.5; here the rate falls with every image instead of every epoch.

    Args:
        constant: share of the budget, in [0, 1].
        final: factor at the end of the budget.

    Raises:
        ValueError: `constant` is outside [0, 1].
    """

    def __init__(self, *, constant: float = 0.5, final: float = 0.0) -> None:
        if not 0 <= constant <= 1:
            raise ValueError(f"constant is a share of the budget, in [0, 1], got {constant}")
        self.constant, self.final = constant, final

    def __call__(self, progress: Progress) -> float:
        """The factor on the base learning rate."""
        done = min(progress.images_seen / progress.total_images, 1.0)
        if done <= self.constant:
            return 1.0
        return 1.0 + (self.final - 1.0) * (done - self.constant) / (1.0 - self.constant)


class Cosine:
    """final + (1 − final) · ½ (1 + cos π t), t the used share of the budget (Loshchilov and Hutter, 2017).

    Args:
        final: factor at the end of the budget.
        warm_up_images: during these first images, the factor is also multiplied by a linear ramp from 0. Adam's first
            steps are large, and would spoil a generator that starts as the identity.

    Raises:
        ValueError: `warm_up_images` is below 0.
    """

    def __init__(self, *, final: float = 0.0, warm_up_images: int = 0) -> None:
        if warm_up_images < 0:
            raise ValueError(f"warm_up_images must be at least 0, got {warm_up_images}")
        self.final, self.warm_up_images = final, warm_up_images

    def __call__(self, progress: Progress) -> float:
        """The factor on the base learning rate."""
        done = min(progress.images_seen / progress.total_images, 1.0)
        fallen = self.final + (1.0 - self.final) * 0.5 * (1.0 + math.cos(math.pi * done))
        return fallen * min(1.0, (progress.images_seen + 1) / (self.warm_up_images + 1))


class LinearDecayByEpoch:
    """1 − max(0, e + 1 − n) / (n_decay + 1) in epoch e = 0, 1, …: the rule of CycleGAN's and CUT's code.

    An epoch is one pass over the larger set. `LinearDecay` has the same slope, but is continuous.

    Args:
        constant_epochs: n.
        decay_epochs: n_decay; the run's budget should be max_epochs = n + n_decay.
    """

    def __init__(self, *, constant_epochs: int = 100, decay_epochs: int = 100) -> None:
        self.constant_epochs, self.decay_epochs = constant_epochs, decay_epochs

    def __call__(self, progress: Progress) -> float:
        """The factor on the base learning rate."""
        epoch = progress.images_seen // progress.epoch_images
        return max(0.0, 1.0 - max(0, epoch + 1 - self.constant_epochs) / (self.decay_epochs + 1))


class InverseTime:
    """1 / (1 + decay · i) at iteration i, of `batch_images` images each: the rule of AdaIN's code.

    Args:
        decay: decay per iteration.
        batch_images: the paper's images per iteration, so that the rule does not depend on the batch size.
    """

    def __init__(self, *, decay: float = 5e-5, batch_images: int = 8) -> None:
        self.decay, self.batch_images = decay, batch_images

    def __call__(self, progress: Progress) -> float:
        """The factor on the base learning rate."""
        return 1.0 / (1.0 + self.decay * progress.images_seen / self.batch_images)
