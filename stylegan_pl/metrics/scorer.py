"""Computes several metrics at once, with their anchors and times."""

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from typing import NamedTuple

import torch
from torch import Tensor

from stylegan_pl.metrics.kinds import Paintings, PictureMetric, SetMetric
from stylegan_pl.metrics.last_look import look_once
from stylegan_pl.metrics.recolour import LabMoments, Moments, recoloured
from stylegan_pl.metrics.score import Score
from stylegan_pl.metrics.statistics_cache import StatisticsCache


class Anchors(NamedTuple):
    """The values that a score is compared with; see `Score`."""

    floor: float
    recoloured: float
    ceiling: float


class Scorer:
    """Computes anchors once, then any number of rounds of stylised pictures of the same photographs.

    With several processes, each rank adds its own pictures, and all must call `anchor` and `scores`.

    Args:
        metrics: name -> metric.
        cache: statistics of paintings on disk; None: compute them each time.
    """

    def __init__(self, metrics: Mapping[str, PictureMetric], *, cache: StatisticsCache | None = None) -> None:
        self.metrics, self.cache = dict(metrics), cache
        look_once(self.metrics.values())
        self.device = torch.device("cpu")
        self.anchors: dict[str, Anchors] = {}
        self.seconds = {name: dict.fromkeys(("features", "distances", "interval"), 0.0) for name in self.metrics}

    def to(self, device: torch.device) -> None:
        """Move networks and states."""
        self.device = device
        for metric in self.metrics.values():
            metric.to(device)

    def anchor(self, paintings: Sequence[Paintings], photographs: Iterable[Tensor]) -> None:
        """Compute the anchors from this rank's paintings and photographs, batches of (N, 3, H, W) in [-1, 1]."""
        batches = list(photographs)
        for name, metric in self.metrics.items():
            with self._timed(name, "features"):
                self._see(metric, paintings)
        for batch in batches:
            self.add(batch, batch)
        ends = {}
        for name, metric in self.metrics.items():
            with self._timed(name, "distances"):
                floor = metric.read().value
            ends[name] = floor, self._ceiling(name, paintings, batches)
            metric.reset()
        for stylised, content in self._recoloured(paintings, batches):
            self.add(stylised, content)
        for name, metric in self.metrics.items():
            with self._timed(name, "distances"):
                recoloured = metric.read().value
            floor, ceiling = ends[name]
            self.anchors[name] = Anchors(floor, recoloured, ceiling)
            metric.reset()

    def _recoloured(self, paintings: Sequence[Paintings], photographs: list[Tensor]) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield recoloured photographs, by the moments of all ranks, with the originals."""
        given, wanted = (self._moments(batches) for batches in (photographs, [batch.images for batch in paintings]))
        for batch in photographs:
            yield recoloured(batch, given, wanted), batch

    def _moments(self, batches: list[Tensor]) -> Moments:
        moments = LabMoments().to(self.device)
        for batch in batches or [torch.zeros(0, 3, 1, 1, device=self.device)]:  # a rank may have none
            moments.update(batch)
        return moments.compute()

    def _see(self, metric: PictureMetric, paintings: Sequence[Paintings]) -> None:
        if not isinstance(metric, SetMetric):
            return
        metric.keeps_paintings = False
        metric.reset()
        twin = self._twin_that_saw(metric)
        if twin is not None:
            metric.load_paintings(twin.paintings_state())
        elif self.cache is None:
            for batch in paintings:
                metric.add_paintings(*batch)
        else:
            self.cache.fill(metric, paintings)
        metric.keeps_paintings = True

    def _twin_that_saw(self, metric: SetMetric) -> SetMetric | None:
        """An earlier metric with the same states of paintings, if any."""
        for other in self.metrics.values():
            if other is metric or metric.paintings_key is None:
                return None
            if isinstance(other, SetMetric) and other.paintings_key == metric.paintings_key:
                return other
        return None

    def _ceiling(self, name: str, paintings: Sequence[Paintings], photographs: list[Tensor]) -> float:
        metric = self.metrics[name]
        if isinstance(metric, SetMetric):
            with self._timed(name, "distances"):
                return metric.among_paintings()
        metric.reset()
        with self._timed(name, "features"):
            endless = cycle(painting for batch in paintings for painting in batch.images)
            for batch in photographs:
                beside = list(islice(endless, len(batch)))
                if beside:
                    metric.add_stylised(torch.stack(beside), batch)
        return metric.read().value

    def add(self, stylised: Tensor, content: Tensor) -> None:
        """Add stylised pictures and their photographs, in the same order: both (N, 3, H, W) in [-1, 1]."""
        # moved once, because a shared network recognises pictures by their memory
        stylised, content = stylised.detach().float(), content.detach().float()
        for name, metric in self.metrics.items():
            with self._timed(name, "features"):
                metric.add_stylised(stylised, content)

    def n_pictures(self) -> int:
        """Number of stylised pictures that this rank has added since the last `scores`."""
        return min((metric.n_pictures for metric in self.metrics.values()), default=0)

    def scores(self, *, resamples: int = 0) -> dict[str, Score]:
        """Name -> score of every metric; then removes the stylised pictures.

        Args:
            resamples: number of bootstrap samples; 0: no interval.
        """
        scores = {name: self._score(name, resamples) for name in self.metrics}
        for metric in self.metrics.values():
            metric.reset()
        return scores

    def _score(self, name: str, resamples: int) -> Score:
        metric = self.metrics[name]
        with self._timed(name, "distances"):
            reading = metric.read()
        if resamples:
            with self._timed(name, "interval"):
                reading = metric.read(resamples=resamples)
        return Score(
            value=reading.value, **self.anchors[name]._asdict(), interval=reading.interval,
            n=reading.n_pictures, n_paintings=reading.n_paintings,
            higher_is_better=metric.higher_is_better, of_sets=isinstance(metric, SetMetric),
            weights=metric.weights_hash, weights_name=metric.weights_name, resize=metric.resize,
            factors=reading.factors, seconds=dict(self.seconds[name]),
        )  # fmt: skip

    @contextmanager
    def _timed(self, name: str, part: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        if torch.cuda.is_available():  # kernels are only queued so far
            torch.cuda.synchronize()
        self.seconds[name][part] += time.perf_counter() - started
