"""Scores the averaged generator at each validation, beside the scores of untouched photographs and of paintings."""

import math
import time
from typing import Any

import lightning as L
import torch
from torch import Tensor

from stylegan_pl.callbacks.terms import log_scalars
from stylegan_pl.contracts import StylePair
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.errors import ConfigError
from stylegan_pl.metrics.kinds import ClipMetric, Paintings, PictureMetric
from stylegan_pl.metrics.score import Score
from stylegan_pl.metrics.scorer import Scorer
from stylegan_pl.metrics.statistics_cache import StatisticsCache
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.pictures.tensors import to_float, to_uint8

_BATCH = 16  # paintings per forward pass


class Evaluation(L.Callback):
    """At each validation, computes the metrics over fixed validation photographs and fixed crops of the paintings.

    Beside each score `val/<metric>` its anchors are logged: `_floor` (the untouched photographs), `_recoloured` (the
    photographs in the paintings' colours) and `_ceiling` (paintings). Metrics of two sets also log `_gap_closed`, the
    share of the way from floor to ceiling (nan if the two are equal). The same weights are scored only once.

    Args:
        metrics: name -> metric; by default, checkpoints monitor the first.
        style_crops: number of crops of the training paintings to compare with.
        cache: folder that stores the metrics' statistics of the paintings for later runs; `auto`: the user's cache
            folder; None: do not store them.
    """

    def __init__(self, metrics: dict[str, PictureMetric], *, style_crops: int, cache: str | None = None) -> None:
        self.scorer = Scorer(metrics, cache=None if cache is None else StatisticsCache(cache))
        self.style_crops = style_crops
        self.scores: dict[str, Score] = {}
        self.scores_at: dict[int, dict[str, Score]] = {}  # by images seen, in this process
        self.seconds = 0.0  # spent on validations so far, painting included
        self._scored_at: int | None = None  # images seen
        self._skips = True

    @property
    def metrics(self) -> dict[str, PictureMetric]:
        """Name -> metric, in the order of the config."""
        return self.scorer.metrics

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Refuse, before anything is trained, metrics that several devices cannot compute."""
        clips = [name for name, metric in self.metrics.items() if isinstance(metric, ClipMetric)]
        if clips and trainer.world_size > 1:
            raise ConfigError(
                f"metric={clips[0]}: frames of a clip cannot be shared out to several devices; type trainer.devices=1, "
                "or score clips with python -m stylegan_pl.evaluate"
            )

    def on_validation_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start timing; nothing is scored in Lightning's sanity check, nor twice at the same number of images seen."""
        assert isinstance(pl_module, TwoPlayerModule)
        self._started = time.monotonic()
        self._skips = trainer.sanity_checking or not self.metrics or self._scored_at == pl_module.clock.images_seen
        if self._skips or self.scorer.anchors:
            return
        self.scorer.to(pl_module.device)
        with torch.no_grad():
            paintings = self._style_crops(trainer, pl_module.device)
            self.scorer.anchor(paintings, self._photographs(trainer, pl_module.device))

    def on_validation_batch_end(  # type: ignore[override]  # our validation_step returns pictures
        self, trainer: L.Trainer, pl_module: L.LightningModule, outputs: Tensor, batch: StylePair, batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:  # fmt: skip
        """Add the stylised pictures, rounded to 8 bits as in image files, so that `evaluate` gives the same score."""
        if not self._skips and self._has_own_pictures(trainer):
            self.scorer.add(to_float(to_uint8(outputs)), batch.content)

    def on_validation_epoch_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Compute the scores, and log them against images seen."""
        assert isinstance(pl_module, TwoPlayerModule)
        if not self._skips and self._pictures_of_all_ranks(trainer, pl_module) > 0:
            self.scores = self.scores_at[pl_module.clock.images_seen] = self.scorer.scores()
            self._scored_at = pl_module.clock.images_seen
            log_scalars(trainer, self._scalars(), pl_module.clock.images_seen)
        if not trainer.sanity_checking:
            pl_module.log_dict(self._scalars(), logger=False)  # for callbacks that monitor a score
            self.seconds += time.monotonic() - self._started

    def _pictures_of_all_ranks(self, trainer: L.Trainer, model: L.LightningModule) -> int:
        """Number of pictures over all ranks; a rank without any must still take part in gathering."""
        mine = torch.tensor(float(self.scorer.n_pictures()), device=model.device)
        return int(trainer.strategy.reduce(mine, reduce_op="sum"))

    def _scalars(self) -> dict[str, float]:
        """Log name -> score, and its anchors."""
        scalars: dict[str, float] = {}
        for name, score in self.scores.items():
            ends = {"": score.value, "_floor": score.floor, "_recoloured": score.recoloured}
            ends |= {"_ceiling": score.ceiling}
            ends |= {"_gap_closed": score.gap_closed} if score.of_sets else {}
            ends |= {f"_{factor}": value for factor, value in score.factors.items()}
            scalars |= {f"val/{name}{end}": value for end, value in ends.items()}
        return scalars

    def summary(self, best_images: int | None = None) -> list[str]:
        """One line per metric, for the end of a run: the scores of best.ckpt, and the last scores if they differ.

        Args:
            best_images: images seen at best.ckpt; None if there is no best.ckpt.
        """
        last = [score_line(name, score) for name, score in self.scores.items()]
        best = self.scores_at.get(-1 if best_images is None else best_images)
        if best is None or best is self.scores:
            return last
        of_best = [score_line(name, score) for name, score in best.items()]
        return [f"best.ckpt, {best_images:,} images:", *of_best, f"at {self._scored_at:,} images:", *last]

    def _photographs(self, trainer: L.Trainer, device: torch.device) -> list[Tensor]:
        loader = trainer.val_dataloaders if self._has_own_pictures(trainer) else None
        return [to_float(batch.content.to(device)) for batch in loader] if loader is not None else []

    def _has_own_pictures(self, trainer: L.Trainer) -> bool:
        """False if there are fewer photographs than ranks and this rank only repeats another's photograph."""
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by a connector
        assert isinstance(data, StyleTransferData)
        return trainer.global_rank < data.val_count

    def _style_crops(self, trainer: L.Trainer, device: torch.device) -> list[Paintings]:
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by a connector
        assert isinstance(data, StyleTransferData)
        mine = list(range(trainer.global_rank, self.style_crops, trainer.world_size))
        if not mine:
            return []
        crops = to_float(torch.stack([data.style_crop(index) for index in mine])).to(device)
        return Paintings.batches(crops, torch.tensor([data.style_source(index) for index in mine]), _BATCH)


def score_line(name: str, score: Score) -> str:
    """A score and its anchors in one line, for people."""
    recoloured = "" if math.isnan(score.recoloured) else f", in their colours {score.recoloured:.4g}"
    if not score.of_sets:
        anchors = f"untouched {score.floor:.4g}{recoloured}, unrelated paintings {score.ceiling:.4g}"
        return f"{name}: {score.value:.4g} ({anchors})"
    if not score.has_gap:
        closed = "no gap to close, the photographs are as near to the paintings as these to each other"
    elif score.is_further:
        closed = "further from the paintings than the untouched photographs"
    else:
        closed = f"{score.gap_closed:.0%} of the gap closed"
    among = f"paintings among themselves {score.ceiling:.4g}"
    return f"{name}: photographs {score.floor:.4g}{recoloured} → stylised {score.value:.4g}, {among}: {closed}"


def monitored_score(callbacks: list[Any], monitor: str | None, mode: str | None) -> tuple[str | None, str]:
    """(log name, min or max) of the score that decides which weights are best.

    Args:
        callbacks: the run's, an `Evaluation` among them.
        monitor: a log name such as `val/kid`; None: the first metric's.
        mode: min or max; None: the metric's own direction.

    Returns:
        (None, min) if nothing is scored.

    Raises:
        ConfigError: `monitor` is not a metric's log name, and no mode is given.
    """
    metrics = next((c.metrics for c in callbacks if isinstance(c, Evaluation)), {})
    if monitor is None:
        monitor = next((f"val/{name}" for name in metrics), None)
    if mode is not None or monitor is None:
        return monitor, mode or "min"
    if monitor.endswith("_gap_closed"):
        return monitor, "max"
    metric = metrics.get(monitor.removeprefix("val/"))
    if metric is None:
        raise ConfigError(
            f"callbacks.checkpoints.monitor={monitor}: no metric has that name, so whether low or high is good is not "
            "known; type callbacks.checkpoints.mode=min or max, too"
        )
    return monitor, "max" if metric.higher_is_better else "min"
