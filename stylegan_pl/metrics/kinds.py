"""What a metric of pictures is: of two sets, or of pictures beside their photographs."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics import Metric

from stylegan_pl.nn.pretrained.fingerprint import weights_hash

Interval = tuple[float, float]
"""(low, high) of the 95 % bootstrap interval."""


class Reading(NamedTuple):
    """What a metric says of the pictures that all ranks have seen together."""

    value: float
    interval: Interval | None
    n_pictures: int
    n_paintings: int
    factors: dict[str, float]  # what the value is made of, where it is made of several


class Paintings(NamedTuple):
    """A batch of crops."""

    images: Tensor  # (M, 3, H, W) in [-1, 1]
    sources: Tensor | None = None  # (M,), number of the painting that each was cut from, where that is known

    def each(self) -> Iterator[tuple[Tensor, int | None]]:
        """A crop and the number of its painting."""
        sources = [None] * len(self.images) if self.sources is None else self.sources.tolist()
        return zip(self.images, sources, strict=True)

    @classmethod
    def batches(cls, images: Tensor, sources: Tensor | None, size: int) -> "list[Paintings]":
        """So many at a time."""
        parts = [None] * len(images) if sources is None else sources.split(size)
        return [cls(rows, part) for rows, part in zip(images.split(size), parts, strict=False)]


def full_precision(device: torch.device) -> torch.autocast:
    """float32 in here, whatever the run's precision: a score is not to change with it."""
    return torch.autocast(device.type, enabled=False)


class PictureMetric(Metric, ABC):
    """A number about stylised pictures; whoever feeds it need not know what it compares them with."""

    full_state_update = False
    higher_is_better: bool
    resize = "none: pictures in their own size"  # what is done to a picture before it is looked at
    weights_name: str | None = None  # whose weights are looked through, where several are usual
    most_resamples = 1000  # of an interval; fewer where each takes long

    @abstractmethod
    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """Add stylised pictures and, row by row, their photographs: (N, 3, H, W) in [-1, 1] each."""

    @abstractmethod
    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """Add crops of paintings, (M, 3, H, W) in [-1, 1]; nothing happens where they do not matter.

        Args:
            sources: (M,), the number of the painting that each was cut from, where that is known.
        """

    @property
    @abstractmethod
    def n_pictures(self) -> int:
        """Stylised pictures seen by this rank: N."""

    @property
    def n_paintings(self) -> int:
        """Paintings seen by this rank."""
        return 0

    @abstractmethod
    def _value(self) -> Tensor:
        """The number, of the states as they are."""

    @abstractmethod
    def _interval(self, samples: int, value: float) -> Interval:
        """95 % bootstrap interval from so many resamplings of the states as they are, whose number is `value`."""

    def _factors(self) -> dict[str, float]:
        """What the number is made of, of the states as they are."""
        return {}

    def compute(self) -> Tensor:
        """The number, over all ranks; a scalar."""
        with full_precision(self.device):
            return self._value()

    def interval(self, *, samples: int = 1000) -> Interval:
        """95 % bootstrap interval of what this rank has seen, pictures resampled; every time the same."""
        with full_precision(self.device):
            return self._interval(min(samples, self.most_resamples), float(self._value()))

    def read(self, *, resamples: int = 0) -> Reading:
        """Value, counts and, with `resamples`, the interval, over all ranks; every rank must call it.

        Under several processes the states are gathered once for all of these.
        """
        with self._all_ranks():
            value, samples = float(self._value()), min(resamples, self.most_resamples)
            interval = self._interval(samples, value) if resamples else None
            return Reading(value, interval, self.n_pictures, self.n_paintings, self._factors())

    @contextmanager
    def _all_ranks(self) -> Iterator[None]:
        """The states are those of all ranks in here."""
        gathered = self.sync_context(
            dist_sync_fn=self.dist_sync_fn, distributed_available=self.distributed_available_fn
        )
        with gathered, full_precision(self.device):
            yield

    @cached_property
    def weights_hash(self) -> str | None:
        """Of the network that is looked through; None where there is none."""
        return weights_hash(self)


class SetMetric(PictureMetric):
    """How unlike a set of stylised pictures is to a set of paintings; no picture has a partner."""

    keeps_paintings = False  # whether `reset` forgets the stylised pictures alone

    @abstractmethod
    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings or to the stylised."""

    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """See `PictureMetric`; the photographs do not matter."""
        self.update(images, real=False)

    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """See `PictureMetric`; which painting a crop is of does not matter."""
        self.update(images, real=True)

    def reset(self) -> None:
        """Forget what was seen; with `keeps_paintings`, the stylised pictures alone."""
        kept = self.paintings_state() if self.keeps_paintings else None
        super().reset()
        if kept is not None:
            self.load_paintings(kept)

    @abstractmethod
    def paintings_state(self) -> dict[str, Tensor]:
        """All that is kept of the paintings."""

    @abstractmethod
    def load_paintings(self, state: dict[str, Tensor]) -> None:
        """Put back what `paintings_state` gave, in the place of paintings seen so far."""

    @property
    def paintings_key(self) -> str | None:
        """What `paintings_state` depends on beside the paintings; None where keeping it on disk would save nothing."""
        return None

    @abstractmethod
    def _among_paintings(self) -> Tensor:
        """Of one half of the paintings against the other, of the states as they are; nan where there are no halves."""

    def among_paintings(self) -> float:
        """The distance of one half of the paintings to the other, over all ranks; every rank must call it."""
        with self._all_ranks():
            return float(self._among_paintings())


class PairMetric(PictureMetric):
    """How unlike stylised pictures are to their own photographs, mean over pictures."""

    @abstractmethod
    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add pictures beside their photographs, (N, 3, H, W) in [-1, 1] each."""

    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """See `PictureMetric`."""
        self.update(images, content)

    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """Paintings do not matter."""


class ClipMetric(PairMetric):
    """How unlike frames of a stylised clip change to those of its original; they come in order, all in one process."""

    @abstractmethod
    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add frames that follow those before, (T, 3, H, W) in [-1, 1] each; `reset` begins another clip."""
