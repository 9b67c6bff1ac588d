"""A run with `max_minutes` becomes as long as its machine's speed allows, and stays so when it resumes."""

import pytest
import torch

from stylegan_pl.callbacks import time_estimate
from stylegan_pl.callbacks.time_estimate import TimeEstimate
from stylegan_pl.config.typed_budget import budget_overrides
from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.models.schedule import Cosine
from stylegan_pl.training.check import check
from stylegan_pl.training.run import run


class SecondsAStep:
    """A clock on which a step of two images takes a second: one look at the start, then one at each timed step."""

    def __init__(self, *looks: float) -> None:
        self.looks = iter(looks)

    def monotonic(self) -> float:
        return next(self.looks)


@pytest.fixture
def timed(monkeypatch):
    """Half a second an image, 2 images a step, of which the seventh ends after 7 seconds."""
    monkeypatch.setattr(time_estimate, "time", SecondsAStep(0.0, 5.0, 7.0))
    monkeypatch.setattr(TimeEstimate, "on_validation_start", lambda self, *_: None)
    monkeypatch.setattr(TimeEstimate, "on_validation_end", lambda self, *_: None)


def saved(config) -> dict:
    return torch.load(f"{config.run_dir}/checkpoints/last.ckpt", weights_only=True)


SHORT = ("val_every_images=1000", "callbacks.time.steps=7", "metric=[]", "batch_size=2", "max_images=400")


def test_a_run_ends_when_its_time_is_over(train_config, timed, caplog) -> None:
    config = train_config(*SHORT, "max_minutes=0.3")
    with caplog.at_level("INFO"):
        assert run(config) == 0
    # 18 s, of which 7 are over after 14 images: 22 more at half a second each
    assert saved(config)["images_seen"] == saved(config)["images_in_time"] == 36
    said = "max_minutes=0.3: 36 of 400 images, as many as this machine trains in that time"
    assert f"{said}; for all of them, type max_minutes=4 or null" in caplog.text
    assert "about 11 s for 22 images on this machine" in caplog.text


def test_a_finished_run_has_nothing_left(train_config, timed, caplog) -> None:
    config = train_config(*SHORT, "max_minutes=0.3")
    run(config)
    config.resume = "auto"
    with caplog.at_level("INFO"):
        assert run(config) == 0
    assert "has seen 36 images of 36; to continue, type a larger max_minutes" in caplog.text


def test_a_run_that_was_stopped_keeps_its_budget(train_config, monkeypatch, timed) -> None:
    config = train_config(*SHORT, "max_minutes=0.3", "model.mechanics.max_images=20")
    run(config)
    assert saved(config)["images_seen"] == 20 and saved(config)["images_in_time"] == 36
    config.resume, config.model.mechanics.max_images = "auto", 400
    monkeypatch.setattr(time_estimate, "time", SecondsAStep(0.0, 500.0, 700.0))  # a busy machine
    assert run(config) == 0
    assert saved(config)["images_seen"] == 36


def test_more_time_is_taken(train_config, monkeypatch, timed) -> None:
    config = train_config(*SHORT, "max_minutes=0.3")
    run(config)
    config.resume, config.max_minutes = "auto", 0.4
    monkeypatch.setattr(time_estimate, "time", SecondsAStep(0.0, 5.0, 7.0))
    assert run(config) == 0
    assert saved(config)["images_seen"] == 36 + 14 + 34  # 24 s from now on, of which 7 are over


def test_a_run_that_is_fast_enough_sees_all_images(train_config, timed) -> None:
    config = train_config(*SHORT[:-1], "max_images=40", "max_minutes=5")
    assert run(config) == 0
    assert saved(config)["images_seen"] == 40


def test_the_learning_rate_falls_within_the_time(train_config, timed, monkeypatch) -> None:
    factors = []
    plain = Cosine.__call__
    monkeypatch.setattr(Cosine, "__call__", lambda self, progress: factors.append(plain(self, progress)) or factors[-1])
    assert run(train_config(*SHORT, "max_minutes=0.3", "scheduler=cosine")) == 0
    assert len(factors) == 18 and factors[-1] < 0.05


def test_a_limit_that_nothing_keeps_is_refused(train_config) -> None:
    config = train_config(*SHORT[:1], "max_minutes=0.3", "~callbacks.time")
    with pytest.raises(ConfigError, match=r"max_minutes=0.3: callbacks.time, which keeps it, is left out; type max_m"):
        check(config)


def test_a_damaged_limit_is_refused(train_config, timed) -> None:
    config = train_config(*SHORT, "max_minutes=0.3")
    run(config)
    path = f"{config.run_dir}/checkpoints/last.ckpt"
    torch.save(saved(config) | {"images_in_time": -3}, path)
    config.ckpt_path, config.run_dir = path, f"{config.run_dir}-other"
    with pytest.raises(UserError, match="images_in_time is not a whole number of 1 or more"):
        run(config)


@pytest.mark.parametrize(
    ("words", "added"),
    [
        (["+experiment=my_painter"], []),
        (["+experiment=my_painter", "max_images=5"], ["++max_minutes=null"]),
        (["max_images=5"], []),  # nothing limits it
        (["+experiment=my_painter", "max_epochs=2"], ["++max_images=null", "++max_minutes=null"]),
        (["scheduler=linear_decay_by_epoch", "max_epochs=200"], ["++max_images=null"]),
        (["max_epochs=200", "max_images=5"], []),
        (["max_epochs=200", "+debug=smoke"], []),
        (["+experiment=my_painter", "max_images=null"], []),  # no budget: the recipe's minutes stay
        (["+experiment=my_painter", "max_images=null", "max_epochs=2"], ["++max_minutes=null"]),
        (["-m", "experiment=my_painter,sample", "max_images=5,10"], ["++max_minutes=null"]),
        (["+experiment=my_painter", "max_images=5", "max_minutes=3"], []),
        (["+experiment=my_painter", "model.mechanics.max_images=5"], []),
    ],
)
def test_a_typed_number_of_images_is_the_budget(words, added) -> None:
    assert budget_overrides(words) == added
