"""Scores of the averaged generator, beside what they would be for untouched photographs and for real paintings."""

import copy
from typing import NamedTuple

import lightning as L
import torch
from torch import Tensor

from stylegan_pl.callbacks.terms import log_scalars
from stylegan_pl.contracts import StylePair
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.images import to_float
from stylegan_pl.metrics.kinds import PairMetric, SetMetric
from stylegan_pl.models.base import TwoPlayerModule


class Anchors(NamedTuple):
    """What a score is to be read against."""

    floor: float  # of the untouched photographs
    ceiling: float  # of the paintings against themselves: one half against the other


class Evaluation(L.Callback):
    """With each validation: the metrics over the fixed validation photographs, against fixed crops of the paintings.

    Beside the score `val/<metric>` of two sets stand its anchors, `_floor` and `_ceiling`, and `_gap_closed`, the share
    of the way from the one to the other, nan where there is none. A metric of pictures beside their photographs is a
    number alone.

    Args:
        metrics: name -> metric.
        style_crops: crops of the training paintings that are compared with.
    """

    def __init__(self, metrics: dict[str, SetMetric | PairMetric], *, style_crops: int) -> None:
        self.metrics = metrics
        self.of_sets = {name: metric for name, metric in metrics.items() if isinstance(metric, SetMetric)}
        self.style_crops = style_crops
        self.anchors: dict[str, Anchors] = {}
        self.scores: dict[str, float] = {}
        self.gap_closed: dict[str, float] = {}

    def on_validation_epoch_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Forget the last pictures; put the paintings in."""
        if trainer.sanity_checking:
            return
        if not hasattr(self, "_paintings"):
            self._paintings = self._style_crops(trainer)
        for metric in self.metrics.values():
            metric.to(pl_module.device)
            metric.reset()
        for metric in self.of_sets.values():
            metric.update(self._paintings.to(pl_module.device), real=True)
        self._photographs: list[Tensor] = []

    def on_validation_batch_end(  # type: ignore[override]  # our validation_step returns pictures
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Tensor, batch: StylePair, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Add the stylised pictures."""
        if trainer.sanity_checking:
            return
        if not self.anchors:
            self._photographs.append(batch.content)
        for metric in self.metrics.values():
            if isinstance(metric, SetMetric):
                metric.update(outputs, real=False)
            else:
                metric.update(outputs, batch.content)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Score, and log against images seen."""
        assert isinstance(pl_module, TwoPlayerModule)
        if trainer.sanity_checking or not self._has_pictures():
            return
        if not self.anchors:
            self.anchors = {name: self._anchor(metric) for name, metric in self.of_sets.items()}
        scalars: dict[str, float] = {}
        for name, metric in self.metrics.items():
            self.scores[name] = float(metric.compute())
            scalars |= self._scalars(name)
        pl_module.log_dict(scalars, logger=False)  # for best.ckpt and others that follow a score
        log_scalars(trainer, scalars, pl_module.images_seen)

    def _scalars(self, name: str) -> dict[str, float]:
        """A metric's score by log name, and what it is to be read against."""
        score = self.scores[name]
        if name not in self.anchors:
            return {f"val/{name}": score}
        floor, ceiling = self.anchors[name]
        self.gap_closed[name] = (floor - score) / (floor - ceiling) if self._has_gap(name) else float("nan")
        ends = {"": score, "_gap_closed": self.gap_closed[name], "_floor": floor, "_ceiling": ceiling}
        return {f"val/{name}{end}": value for end, value in ends.items()}

    def summary(self) -> list[str]:
        """A line a metric, for the end of a run."""
        return [self._line(name, score) for name, score in self.scores.items()]

    def _line(self, name: str, score: float) -> str:
        if name not in self.anchors:
            return f"{name}: {score:.4g}"
        floor, ceiling = self.anchors[name]
        closed = (
            f"{self.gap_closed[name]:.0%} of the gap closed"
            if self._has_gap(name)
            else "no gap to close, the photographs are as near to the paintings as these to each other"
        )
        among = f"paintings among themselves {ceiling:.4g}"
        return f"{name}: photographs {floor:.4g} → stylised {score:.4g}, {among}: {closed}"

    def _has_gap(self, name: str) -> bool:
        """Whether the photographs are further from the paintings than these are from each other."""
        floor, ceiling = self.anchors[name]
        return ceiling > floor if self.metrics[name].higher_is_better else floor > ceiling

    def _has_pictures(self) -> bool:
        """Whether any photograph was stylised: a set metric has the paintings besides."""
        return all(metric.update_count > isinstance(metric, SetMetric) for metric in self.metrics.values())

    def _anchor(self, metric: SetMetric) -> Anchors:
        halves = self._paintings[::2], self._paintings[1::2]
        return Anchors(
            floor=_score(metric, self._paintings, torch.cat(self._photographs)), ceiling=_score(metric, *halves)
        )

    def _style_crops(self, trainer: L.Trainer) -> Tensor:
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by a connector
        assert isinstance(data, StyleTransferData)
        mine = range(trainer.global_rank, self.style_crops, trainer.world_size)
        return to_float(torch.stack([data.style_crop(index) for index in mine]))


def _score(metric: SetMetric, real: Tensor, fake: Tensor) -> float:
    fresh = copy.deepcopy(metric)
    fresh.reset()
    fresh.update(real.to(fresh.device), real=True)
    fresh.update(fake.to(fresh.device), real=False)
    return float(fresh.compute())
