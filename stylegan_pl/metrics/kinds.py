"""The two kinds of metrics: of two sets of pictures, and of pictures beside their photographs."""

from abc import ABC, abstractmethod

from torch import Tensor
from torchmetrics import Metric


class SetMetric(Metric, ABC):
    """How unlike a set of stylised pictures is to a set of paintings; no picture has a partner."""

    full_state_update = False

    @abstractmethod
    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings or to the stylised."""


class PairMetric(Metric, ABC):
    """How unlike stylised pictures are to their own photographs, mean over pictures."""

    full_state_update = False

    @abstractmethod
    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add pictures beside their photographs, (N, 3, H, W) in [-1, 1] each."""
