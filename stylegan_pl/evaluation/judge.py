"""Computes every metric for one system after the other, on the same photographs and paintings."""

import time
from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from stylegan_pl.evaluation.clock import Clock
from stylegan_pl.evaluation.fixed_set import FixedSet, Photograph
from stylegan_pl.evaluation.systems import System
from stylegan_pl.metrics.content_distance import ContentDistance
from stylegan_pl.metrics.kinds import Paintings, PictureMetric
from stylegan_pl.metrics.scorer import Scorer
from stylegan_pl.metrics.statistics_cache import StatisticsCache
from stylegan_pl.pictures.tensors import to_float
from stylegan_pl.report.contents import Entry, Picture

CONTENT_LOSS = "content_loss"


class Judge:
    """Scores systems. The metrics' anchors are computed once, in the constructor.

    Args:
        metrics: name -> metric.
        content_loss: the metric by which the best and worst pictures are chosen; also reported like the others.
        cache: folder of the metrics' statistics of paintings.
        resamples: number of bootstrap samples for intervals.
    """

    def __init__(
        self, metrics: Mapping[str, PictureMetric], content_loss: ContentDistance, fixed: FixedSet, *,
        cache: StatisticsCache | None, device: torch.device, batch_size: int, resamples: int, clock: Clock,
    ) -> None:  # fmt: skip
        self.fixed, self.device, self.batch_size, self.resamples = fixed, device, batch_size, resamples
        self.clock, self.content_loss = clock, content_loss
        self.scorer = Scorer({**metrics, CONTENT_LOSS: content_loss}, cache=cache)
        self.scorer.to(device)
        with torch.inference_mode():
            self.scorer.anchor(self._painting_batches(), (self._content(batch) for batch in self._batches()))

    def entry(self, system: System) -> Entry:
        """Let the system paint, score the pictures, and add what is known about the system."""
        painted: list[Tensor] = []
        started = time.perf_counter()
        for batch in self._batches():
            with self.clock("painting"):
                stylised = system.paint(batch)
            with torch.inference_mode():
                self.scorer.add(to_float(stylised.to(self.device)), self._content(batch))
            painted.extend(stylised)
        losses = self.content_loss.per_picture().tolist()
        scores = self.scorer.scores(resamples=self.resamples)
        pictures = [
            Picture(photograph.name, picture, loss)
            for photograph, picture, loss in zip(self.fixed.photographs, painted, losses, strict=True)
        ]
        record = system.record
        seconds = time.perf_counter() - started
        return Entry(
            name=system.name, source=system.source, kind=system.kind, scores=scores, pictures=pictures,
            curves={} if record is None else record.curves(), config=system.config_text(),
            cost={**system.cost(), "evaluation": f"{seconds:.1f} s"},
            symptoms=[] if record is None else record.symptoms(),
        )  # fmt: skip

    def seconds(self) -> dict[str, float]:
        """Part -> seconds; all metrics together are one part."""
        parts = dict(self.clock.seconds)
        for part in ("features", "distances", "interval"):
            parts[part] = sum(of_metric[part] for of_metric in self.scorer.seconds.values())
        return parts

    def _batches(self) -> Iterator[list[Photograph]]:
        return self.fixed.batches(self.batch_size)

    def _painting_batches(self) -> list[Paintings]:
        crops = to_float(self.fixed.paintings.to(self.device))
        return Paintings.batches(crops, self.fixed.sources, self.batch_size)

    def _content(self, batch: Sequence[Photograph]) -> Tensor:
        return to_float(torch.stack([photograph.content for photograph in batch]).to(self.device))
