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
    """½ (1 + cos π t) between 1 and `final`, t the share of the budget done (Loshchilov and Hutter, 2017)."""

    def __init__(self, *, final: float = 0.0) -> None:
        self.final = final

    def __call__(self, progress: Progress) -> float:
        """See the class."""
        done = min(progress.images_seen / progress.total_images, 1.0)
        return self.final + (1.0 - self.final) * 0.5 * (1.0 + math.cos(math.pi * done))
