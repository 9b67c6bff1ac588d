"""Scores in the loop: what they are read against, how often they are taken, and what follows them."""

import csv
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fitting import fit
from omegaconf import OmegaConf
from torch import Tensor

from stylegan_pl.callbacks.evaluation import Evaluation, monitored_score, score_line
from stylegan_pl.config.check_parts import check_fit
from stylegan_pl.errors import ConfigError
from stylegan_pl.evaluation.options import crop_size
from stylegan_pl.metrics.flicker import Flicker
from stylegan_pl.metrics.palette import PaletteDistance
from stylegan_pl.metrics.score import Score
from stylegan_pl.metrics.sliced_wasserstein import SlicedWasserstein
from stylegan_pl.metrics.ssim import SSIM
from stylegan_pl.pictures.tensors import to_float, to_uint8
from stylegan_pl.training.build import build_data, build_model, build_trainer, plain
from stylegan_pl.training.run import run


class MeanGap(SSIM):
    """mean |G(x) − x|, and a count of the pictures it was shown."""

    higher_is_better = False

    def __init__(self) -> None:
        super().__init__()
        self.shown = 0

    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        self.shown += len(stylised)
        return (stylised - content).abs().mean(dim=(1, 2, 3))


GAP = {"gap": {"_target_": "unit.callbacks.test_evaluation.MeanGap"}}


def score(value: float, floor: float, ceiling: float) -> Score:
    kind = {"higher_is_better": False, "of_sets": True, "weights": None, "resize": "none"}
    return Score(value, floor, ceiling, None, n=8, n_paintings=8, **kind)


@pytest.mark.parametrize(
    ("floor", "ceiling", "words"),
    [
        (200.0, 50.0, "photographs 200 → stylised 110, paintings among themselves 50: 60% of the gap closed"),
        (100.0, 90.0, "90: further from the paintings than the untouched photographs"),
        (50.0, 60.0, "paintings among themselves 60: no gap to close, the photographs are as near to the paintings as"),
    ],
)
def test_the_gap_is_told_only_where_there_is_one(floor: float, ceiling: float, words: str) -> None:
    said = score_line("swd", score(110.0, floor, ceiling))
    assert said.startswith("swd: ") and words in said


def test_a_metric_of_pairs_compares_each_picture_with_its_photograph(train_config, tmp_path) -> None:
    config = train_config("max_images=4", "val_every_images=4", "model.mechanics.ema_half_life_images=null")
    config.metric = {**GAP, **config.metric}
    model, _ = fit(config)
    rows = [row for row in csv.DictReader((tmp_path / "run/metrics.csv").open()) if row["val/gap"]]
    gaps = []
    for batch in model.trainer.datamodule.val_dataloader():
        content, style = (side.float() / 127.5 - 1 for side in batch)
        with torch.no_grad():
            painted = to_float(to_uint8(model(content, style)))  # as a file would have it
        gaps += (painted - content).abs().mean(dim=(1, 2, 3)).tolist()
    assert float(rows[-1]["val/gap"]) == pytest.approx(sum(gaps) / len(gaps), rel=1e-5)
    assert float(rows[-1]["val/gap_floor"]) == 0.0
    assert 0 < float(rows[-1]["val/gap_recoloured"]) < 2  # moved to the paintings' colours
    assert float(rows[-1]["val/gap_ceiling"]) > 0.1  # reddish photographs, bluish paintings
    assert "val/gap_gap_closed" not in rows[-1]
    floor, ceiling = (float(rows[-1][f"val/sliced_wasserstein_{anchor}"]) for anchor in ("floor", "ceiling"))
    value, closed = (float(rows[-1][f"val/sliced_wasserstein{end}"]) for end in ("", "_gap_closed"))
    if floor > ceiling:
        assert closed == pytest.approx((floor - value) / (floor - ceiling), rel=1e-4)
    else:
        assert math.isnan(closed)


def test_pictures_are_scored_at_a_size_of_their_own(train_config, tmp_path) -> None:
    """Trained on 32 pixels, judged at 44 of the same scale, in the loop as by `evaluate` afterwards."""
    config = train_config("max_images=4", "data.val_size=44", "data.content.load_size=44", "data.style.load_size=44")
    config.metric = {**GAP, **config.metric}
    model, _ = fit(config)
    data = model.trainer.datamodule
    (first, *_) = data.val_dataloader()
    assert first.content.shape[-2:] == (44, 44)
    assert data.style_crop(0).shape[-2:] == (44, 44)
    assert data.train_set.style_crop(0, np.random.default_rng(0)).shape[-2:] == (32, 32)
    evaluation = next(c for c in model.trainer.callbacks if isinstance(c, Evaluation))
    assert evaluation.scores["gap"].n == 2
    assert crop_size(OmegaConf.create({"image_size": None}), (plain(config), tmp_path)) == 44


def test_a_size_that_the_generator_does_not_take_is_told(train_config) -> None:
    with pytest.raises(ConfigError, match=r"data.val_size=45: .* multiples of 4; type data.val_size=44"):
        check_fit(train_config("data.val_size=45"))


def test_weights_that_were_scored_are_not_scored_again(train_config) -> None:
    config = train_config("max_images=4", "val_every_images=4")
    config.metric = dict(GAP)
    torch.manual_seed(0)
    data, model = build_data(config), build_model(config)
    data.prepare()
    trainer = build_trainer(config, config.run_dir)
    trainer.fit(model, data)
    evaluation = next(c for c in trainer.callbacks if isinstance(c, Evaluation))
    gap = evaluation.metrics["gap"]
    seen, shown = model.clock.images_seen, gap.shown
    first = dict(evaluation.scores)
    trainer.validate(model, data, verbose=False)
    assert gap.shown == shown
    assert evaluation.scores == first
    assert float(trainer.callback_metrics["val/gap"]) == pytest.approx(first["gap"].value)  # still there to be followed
    model.clock.images_seen = seen + 2
    trainer.validate(model, data, verbose=False)
    assert gap.shown == shown + 2  # anchors are not looked at again either


@pytest.mark.parametrize(
    ("monitor", "mode", "found"),
    [
        (None, None, ("val/palette", "min")),
        ("val/ssim", None, ("val/ssim", "max")),
        ("val/palette_gap_closed", None, ("val/palette_gap_closed", "max")),
        ("train/generator/style", "min", ("train/generator/style", "min")),
    ],
)
def test_the_first_metric_is_followed_in_its_own_direction(monitor, mode, found) -> None:
    evaluation = Evaluation({"palette": PaletteDistance(), "ssim": SSIM()}, style_crops=2)
    assert monitored_score([evaluation], monitor, mode) == found


def test_a_score_of_no_metric_needs_a_direction() -> None:
    evaluation = Evaluation({"swd": SlicedWasserstein()}, style_crops=2)
    with pytest.raises(ConfigError, match=r"monitor=val/sdw: no metric has that name.*mode=min or max"):
        monitored_score([evaluation], "val/sdw", None)
    assert monitored_score([], None, None) == (None, "min")


def test_best_ckpt_follows_whatever_metric_is_chosen(train_config, tmp_path) -> None:
    config = train_config("max_images=8", "val_every_images=4", "metric=[ssim]")
    outcome = run(config)
    rows = [float(row["val/ssim"]) for row in csv.DictReader((tmp_path / "run/metrics.csv").open()) if row["val/ssim"]]
    best = torch.load(tmp_path / "run/checkpoints/best.ckpt", weights_only=True)
    assert len(rows) == 2
    assert outcome == 0
    assert outcome.score == pytest.approx(max(rows), rel=1e-5)
    (state,) = [state for name, state in best["callbacks"].items() if "RunCheckpoints" in name]
    assert state["best_score"] == outcome.score
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert status["best_score"] == outcome.score
    assert 0 < status["validation_seconds"] < status["seconds"]


def test_the_end_of_a_run_tells_the_scores_of_its_best_checkpoint() -> None:
    evaluation = Evaluation({"swd": SlicedWasserstein()}, style_crops=2)
    good, bad = {"swd": score(110.0, 200.0, 50.0)}, {"swd": score(150.0, 200.0, 50.0)}
    evaluation.scores_at = {10: good, 20: bad}
    evaluation.scores, evaluation._scored_at = bad, 20
    assert evaluation.summary() == evaluation.summary(20) == evaluation.summary(5) == [score_line("swd", bad["swd"])]
    assert evaluation.summary(10) == [
        "best.ckpt, 10 images:", score_line("swd", good["swd"]), "at 20 images:", score_line("swd", bad["swd"]),
    ]  # fmt: skip


def test_a_run_that_gets_no_better_ends_before_its_budget(train_config, tmp_path, caplog) -> None:
    still = ["model.generator_optimizer.lr=0", "model.mechanics.ema_half_life_images=null"]
    patient = ["callbacks=early_stopping", "callbacks.early_stopping.patience=2"]
    config = train_config("max_images=40", "val_every_images=4", *still, *patient)
    with caplog.at_level("INFO"):
        assert run(config) == 0
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert status["images_seen"] == 12  # the first is the best, the two after it are no better
    assert status["state"] == "done"
    assert "stopping early: val/sliced_wasserstein has not become better" in caplog.text
    with caplog.at_level("INFO"):
        assert run(train_config("max_images=40", "val_every_images=4", *still, *patient, "resume=auto")) == 0
    assert json.loads((tmp_path / "run/status.json").read_text()) == status
    assert "nothing left to train: the run stopped early at 12 images" in caplog.text


def test_scores_that_are_nan_are_waited_out(train_config, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(Evaluation, "_scalars", lambda self: {"val/sliced_wasserstein": math.nan})
    patient = ["callbacks=early_stopping", "callbacks.early_stopping.patience=3", "val_every_images=4"]
    assert run(train_config("max_images=40", *patient)) == 0
    assert json.loads((tmp_path / "run/status.json").read_text())["images_seen"] == 12


def test_metrics_of_clips_are_refused_before_several_devices_train() -> None:
    with pytest.raises(ConfigError, match="metric=moving: frames of a clip cannot be shared out"):
        Evaluation({"moving": Flicker()}, style_crops=2).setup(SimpleNamespace(world_size=2), None, "fit")


def test_patience_is_counted_on_after_a_resume(train_config, tmp_path) -> None:
    still = ["model.generator_optimizer.lr=0", "model.mechanics.ema_half_life_images=null"]
    patient = ["callbacks=early_stopping", "callbacks.early_stopping.patience=2", "val_every_images=4"]
    assert run(train_config("max_images=8", *still, *patient)) == 0
    assert run(train_config("max_images=40", *still, *patient, "resume=auto")) == 0
    assert json.loads((tmp_path / "run/status.json").read_text())["images_seen"] == 12
