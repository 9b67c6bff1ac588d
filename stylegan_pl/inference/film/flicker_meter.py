"""How much a painting flickers beside its film, told while both go by."""

from typing import NamedTuple

import torch
from torch import Tensor


class Flicker(NamedTuple):
    """Mean change from frame to frame within scenes, colours in [-1, 1]; see `metrics.flicker`."""

    added: float  # beyond the film's own
    painting: float
    film: float


class FlickerMeter:
    """`metrics.Flicker` for films of any length.

    Steps are taken out of the metric as plain numbers: small tensors, left behind among the large ones of each frame,
    keep the allocator from using their places again, and a process grew by a frame a frame.
    """

    def __init__(self) -> None:
        from stylegan_pl.metrics.flicker import Flicker as Measure  # torchmetrics takes a second to import

        self._measure = Measure()
        self._steps: list[list[float]] = []  # step t leads to frame t + 1

    def add(self, painted: Tensor, frames: Tensor) -> None:
        """Frames that follow those before, (N, 3, H, W) in [-1, 1] both."""
        self._measure.update(painted, frames)
        if self._measure.steps:
            self._steps += self._measure.per_step().tolist()
            self._measure.steps.clear()

    def read(self, begun: list[int]) -> Flicker | None:
        """Over all steps but those into the frames that begin a scene, where everything may change; None: no steps."""
        cuts = set(begun)
        within = [step for frame, step in enumerate(self._steps, start=1) if frame not in cuts]
        return Flicker(*torch.tensor(within).mean(dim=0).tolist()) if within else None
