"""Scores of the averaged generator, beside what they would be for untouched photographs and for real paintings."""

import copy
from typing import NamedTuple

import lightning as L
import torch
from torch import Tensor
from torchmetrics import Metric

from stylegan_pl.callbacks.terms import log_scalars
from stylegan_pl.contracts import StylePair
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.images import to_float
from stylegan_pl.models.base import TwoPlayerModule


class Anchors(NamedTuple):
    """What a score is to be read against."""

    floor: float  # of the untouched photographs
    ceiling: float  # of the paintings against themselves: one half against the other


class Evaluation(L.Callback):
    """With each validation: the metrics over the fixed validation photographs, against fixed crops of the paintings.

    Beside a score `val/<metric>` stand its anchors, `_floor` and `_ceiling`, and `_gap_closed`, the share of the way
    from the one to the other.

    Args:
        metrics: name -> metric with `update(images, real=…)`.
        style_crops: crops of the training paintings that are compared with.
    """

    def __init__(self, metrics: dict[str, Metric], *, style_crops: int) -> None:
        self.metrics = metrics
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
            metric.update(outputs, real=False)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Score, and log against images seen."""
        assert isinstance(pl_module, TwoPlayerModule)
        if trainer.sanity_checking or not self._has_pictures():
            return
        if not self.anchors:
            self.anchors = {name: self._anchor(metric) for name, metric in self.metrics.items()}
        for name, metric in self.metrics.items():
            floor, ceiling = self.anchors[name]
            score = float(metric.compute())
            self.scores[name] = score
            self.gap_closed[name] = (floor - score) / (floor - ceiling) if floor != ceiling else float("nan")
            scalars = {f"val/{name}": score, f"val/{name}_gap_closed": self.gap_closed[name]}
            pl_module.log_dict(scalars, logger=False)
            anchors = {f"val/{name}_floor": floor, f"val/{name}_ceiling": ceiling}
            log_scalars(trainer, scalars | anchors, pl_module.images_seen)

    def summary(self) -> list[str]:
        """A line a metric, for the end of a run."""
        return [
            f"{name}: photographs {self.anchors[name].floor:.1f} → stylised {score:.1f}, paintings among themselves "
            f"{self.anchors[name].ceiling:.1f}: {self.gap_closed[name]:.0%} of the gap closed"
            for name, score in self.scores.items()
        ]

    def _has_pictures(self) -> bool:
        return all(metric.update_count > 1 for metric in self.metrics.values())

    def _anchor(self, metric: Metric) -> Anchors:
        halves = self._paintings[::2], self._paintings[1::2]
        return Anchors(
            floor=_score(metric, self._paintings, torch.cat(self._photographs)), ceiling=_score(metric, *halves)
        )

    def _style_crops(self, trainer: L.Trainer) -> Tensor:
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by a connector
        assert isinstance(data, StyleTransferData)
        mine = range(trainer.global_rank, self.style_crops, trainer.world_size)
        return to_float(torch.stack([data.style_crop(index) for index in mine]))


def _score(metric: Metric, real: Tensor, fake: Tensor) -> float:
    fresh = copy.deepcopy(metric)
    fresh.reset()
    fresh.update(real.to(fresh.device), real=True)
    fresh.update(fake.to(fresh.device), real=False)
    return float(fresh.compute())
