"""Scores beside what they are to be read against, of sets and of pictures beside their photographs."""

import csv
import math

import pytest
import torch
from fitting import fit
from torch import Tensor

from stylegan_pl.callbacks.evaluation import Anchors, Evaluation
from stylegan_pl.metrics.kinds import PairMetric
from stylegan_pl.metrics.sliced_wasserstein import SlicedWasserstein


class MeanGap(PairMetric):
    """mean |G(x) − x|."""

    def __init__(self) -> None:
        super().__init__()
        self.add_state("total", torch.zeros(()), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros(()), dist_reduce_fx="sum")

    def update(self, stylised: Tensor, content: Tensor) -> None:
        self.total += (stylised - content).abs().mean(dim=(1, 2, 3)).sum()
        self.count += len(stylised)

    def compute(self) -> Tensor:
        return self.total / self.count


@pytest.mark.parametrize(
    ("floor", "ceiling", "words"),
    [
        (200.0, 50.0, "photographs 200 → stylised 110, paintings among themselves 50: 60% of the gap closed"),
        (50.0, 60.0, "paintings among themselves 60: no gap to close, the photographs are as near to the paintings as"),
    ],
)
def test_the_gap_is_told_only_where_there_is_one(floor: float, ceiling: float, words: str) -> None:
    evaluation = Evaluation({"swd": SlicedWasserstein()}, style_crops=4)
    evaluation.scores, evaluation.anchors = {"swd": 110.0}, {"swd": Anchors(floor, ceiling)}
    evaluation.gap_closed = {"swd": (floor - 110.0) / (floor - ceiling)}
    (line,) = evaluation.summary()
    assert line.startswith("swd: ") and words in line


def test_a_metric_of_pairs_compares_each_picture_with_its_photograph(train_config, tmp_path) -> None:
    config = train_config("max_images=4", "val_every_images=4", "model.mechanics.ema_half_life_images=null")
    config.metric = {"gap": {"_target_": "unit.callbacks.test_evaluation.MeanGap"}, **config.metric}
    model, _ = fit(config)
    rows = [row for row in csv.DictReader((tmp_path / "run/metrics.csv").open()) if row["val/gap"]]
    gaps = []
    for batch in model.trainer.datamodule.val_dataloader():
        content, style = (side.float() / 127.5 - 1 for side in batch)
        with torch.no_grad():
            gaps += (model(content, style) - content).abs().mean(dim=(1, 2, 3)).tolist()
    assert float(rows[-1]["val/gap"]) == pytest.approx(sum(gaps) / len(gaps), rel=1e-5)
    assert "val/gap_floor" not in rows[-1]
    floor, ceiling = (float(rows[-1][f"val/sliced_wasserstein_{anchor}"]) for anchor in ("floor", "ceiling"))
    score, closed = (float(rows[-1][f"val/sliced_wasserstein{end}"]) for end in ("", "_gap_closed"))
    if floor > ceiling:
        assert closed == pytest.approx((floor - score) / (floor - ceiling), rel=1e-4)
    else:
        assert math.isnan(closed)
