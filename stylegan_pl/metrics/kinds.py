"""The interfaces of metrics: of two sets of pictures, of pictures and their photographs, of clips."""

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
    """A metric's value over the pictures of all ranks."""

    value: float
    interval: Interval | None
    n_pictures: int
    n_paintings: int
    factors: dict[str, float]  # name -> part of the value, if it has several parts


class Paintings(NamedTuple):
    """A batch of crops of paintings."""

    images: Tensor  # (M, 3, H, W) in [-1, 1]
    sources: Tensor | None = None  # (M,), index of each crop's painting; None: unknown

    def each(self) -> Iterator[tuple[Tensor, int | None]]:
        """Yield each crop and the index of its painting."""
        sources = [None] * len(self.images) if self.sources is None else self.sources.tolist()
        return zip(self.images, sources, strict=True)

    @classmethod
    def batches(cls, images: Tensor, sources: Tensor | None, size: int) -> "list[Paintings]":
        """Yield batches of at most `size` crops."""
        parts = [None] * len(images) if sources is None else sources.split(size)
        return [cls(rows, part) for rows, part in zip(images.split(size), parts, strict=False)]


def full_precision(device: torch.device) -> torch.autocast:
    """Within it, computations are in float32, so that scores do not depend on the run's precision."""
    return torch.autocast(device.type, enabled=False)


class PictureMetric(Metric, ABC):
    """Base class of metrics. All get stylised pictures, photographs and paintings; each uses what it needs."""

    full_state_update = False
    higher_is_better: bool
    resize = "none: pictures in their own size"  # how pictures are resized first, in words
    weights_name: str | None = None  # name of the network's weights, if several are common
    most_resamples = 1000  # of an interval; fewer if each takes long

    @abstractmethod
    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """Add stylised pictures and their photographs, in the same order: both (N, 3, H, W) in [-1, 1]."""

    @abstractmethod
    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """Add crops of paintings, (M, 3, H, W) in [-1, 1]; a metric that does not use them ignores them.

        Args:
            sources: (M,), index of the painting that each crop is from; None: unknown.
        """

    @property
    @abstractmethod
    def n_pictures(self) -> int:
        """Number of stylised pictures that this rank has added."""

    @property
    def n_paintings(self) -> int:
        """Number of crops of paintings that this rank has added."""
        return 0

    @abstractmethod
    def _value(self) -> Tensor:
        """The value from the current states; a scalar."""

    @abstractmethod
    def _interval(self, samples: int, value: float) -> Interval:
        """The 95 % bootstrap interval from the current states, whose value is `value`."""

    def _factors(self) -> dict[str, float]:
        """Name -> part of the value, from the current states."""
        return {}

    def compute(self) -> Tensor:
        """The value over all ranks; a scalar."""
        with full_precision(self.device):
            return self._value()

    def interval(self, *, samples: int = 1000) -> Interval:
        """The 95 % bootstrap interval over this rank's pictures; deterministic."""
        with full_precision(self.device):
            return self._interval(min(samples, self.most_resamples), float(self._value()))

    def read(self, *, resamples: int = 0) -> Reading:
        """Value, counts and, with `resamples`, the interval, over all ranks; every rank must call it.

        With several processes, states are gathered only once.
        """
        with self._all_ranks():
            value, samples = float(self._value()), min(resamples, self.most_resamples)
            interval = self._interval(samples, value) if resamples else None
            return Reading(value, interval, self.n_pictures, self.n_paintings, self._factors())

    @contextmanager
    def _all_ranks(self) -> Iterator[None]:
        """Within it, the states are those of all ranks."""
        gathered = self.sync_context(
            dist_sync_fn=self.dist_sync_fn, distributed_available=self.distributed_available_fn
        )
        with gathered, full_precision(self.device):
            yield

    @cached_property
    def weights_hash(self) -> str | None:
        """Hash of the network's weights; None without a network."""
        return weights_hash(self)


class SetMetric(PictureMetric):
    """Base class of distances between a set of stylised pictures and a set of paintings, without pairs."""

    keeps_paintings = False  # whether `reset` keeps the paintings

    @abstractmethod
    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings (`real`) or the stylised pictures."""

    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """See `PictureMetric`; photographs are not used."""
        self.update(images, real=False)

    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """See `PictureMetric`; `sources` are not used."""
        self.update(images, real=True)

    def reset(self) -> None:
        """Remove all pictures; with `keeps_paintings`, only the stylised ones."""
        kept = self.paintings_state() if self.keeps_paintings else None
        super().reset()
        if kept is not None:
            self.load_paintings(kept)

    @abstractmethod
    def paintings_state(self) -> dict[str, Tensor]:
        """The states of the paintings."""

    @abstractmethod
    def load_paintings(self, state: dict[str, Tensor]) -> None:
        """Replace the paintings by the states from `paintings_state`."""

    @property
    def paintings_key(self) -> str | None:
        """The cache's key: everything `paintings_state` depends on besides the paintings; None: not cached on disk."""
        return None

    @abstractmethod
    def _among_paintings(self) -> Tensor:
        """The distance of one half of the paintings to the other, from the current states; nan if there are too few."""

    def among_paintings(self) -> float:
        """The distance of one half of the paintings to the other, over all ranks; every rank must call it."""
        with self._all_ranks():
            return float(self._among_paintings())


class PairMetric(PictureMetric):
    """Base class of distances between stylised pictures and their photographs, averaged over pictures."""

    @abstractmethod
    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add pictures and their photographs, both (N, 3, H, W) in [-1, 1]."""

    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """See `PictureMetric`; the same as `update`."""
        self.update(images, content)

    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """Paintings are not used."""


class ClipMetric(PairMetric):
    """Base class of metrics of a stylised clip and its original; frames come in order, in one process."""

    @abstractmethod
    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add the next frames, both (T, 3, H, W) in [-1, 1]; `reset` starts another clip."""
