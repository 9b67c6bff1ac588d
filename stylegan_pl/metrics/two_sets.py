"""Metrics that keep something of each picture of both sets until the end."""

from abc import abstractmethod

import torch
from torch import Tensor

from stylegan_pl.metrics.features import SetFeatures, in_full_precision
from stylegan_pl.metrics.kinds import SetMetric


class TwoSets(SetMetric):
    """A row a picture is kept, and gathered from all ranks: how pictures were spread over them does not matter."""

    real: list[Tensor]
    fake: list[Tensor]

    def __init__(self) -> None:
        super().__init__()
        self.add_state("real", default=[], dist_reduce_fx="cat")
        self.add_state("fake", default=[], dist_reduce_fx="cat")

    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings or to the stylised."""
        (self.real if real else self.fake).append(self._kept(images))

    @abstractmethod
    def _kept(self, images: Tensor) -> Tensor:
        """What is kept of pictures, (N, …)."""

    @property
    def n_pictures(self) -> int:
        """Stylised pictures seen by this rank: N."""
        return _count(self.fake)

    @property
    def n_paintings(self) -> int:
        """Paintings seen by this rank."""
        return _count(self.real)

    def _sets(self) -> tuple[Tensor, Tensor]:
        """The paintings' rows and the stylised pictures'.

        Raises:
            ValueError: a set is empty.
        """
        return _joined(self.real, "painting", "real=True"), _joined(self.fake, "stylised picture", "real=False")


class FeatureSets(TwoSets):
    """Kept is one vector a picture.

    Args:
        features: what makes it.
    """

    def __init__(self, *, features: SetFeatures) -> None:
        super().__init__()
        self.features = features

    def _kept(self, images: Tensor) -> Tensor:
        return in_full_precision(self.features, images)

    def _vectors(self) -> tuple[Tensor, Tensor]:
        """Both sets in float64 on the CPU: (M, d) and (N, d); differences of large sums are to be told from 0."""
        real, fake = self._sets()
        return real.to("cpu", torch.float64), fake.to("cpu", torch.float64)


def _count(rows: list[Tensor] | Tensor) -> int:
    return len(rows) if isinstance(rows, Tensor) else sum(len(batch) for batch in rows)


def _joined(rows: list[Tensor] | Tensor, what: str, how: str) -> Tensor:
    # torchmetrics hands over lists within a rank and one tensor after gathering ranks
    if len(rows) == 0:
        raise ValueError(f"there is no {what} to compare; call update(images, {how}) first")
    return torch.cat(list(rows)) if isinstance(rows, list) else rows
