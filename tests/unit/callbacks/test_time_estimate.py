"""How long a run takes is said after its first steps."""

import re

import pytest
from conftest import compose_config

from stylegan_pl.callbacks import time_estimate
from stylegan_pl.callbacks.time_estimate import TimeEstimate, estimate
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.pictures.duration import duration
from stylegan_pl.training.run import run


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "1 s"),
        (41, "41 s"),
        (119, "2 min"),
        (3570, "1 h 00 min"),
        (3 * 3600 + 600, "3 h 10 min"),
        (86_399, "1 day"),
        (53 * 3600, "2 days 5 h"),
    ],
)
def test_a_duration_has_the_digits_of_an_estimate(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_more_than_a_day_on_a_cpu_comes_with_what_to_type() -> None:
    assert estimate(40_000, 0.285, on_cpu=True, smaller="X") == "about 3 h 10 min for 40,000 images on this machine"
    long = estimate(500_000, 1.9, on_cpu=True, smaller="+experiment=small")
    assert long == (
        "about 11 days for 500,000 images on this machine, a CPU; for a recipe that it can do, type +experiment=small; "
        "for a day of this one, max_images=45000"
    )
    assert "type" not in estimate(500_000, 1.9, on_cpu=False, smaller="X")


class Clock:
    """Half a second a look."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        self.now += 0.5
        return self.now


def test_a_run_says_it_once_for_the_images_that_are_left(train_config, monkeypatch, caplog) -> None:
    clock = Clock()
    monkeypatch.setattr(time_estimate, "time", clock)
    monkeypatch.setattr(TimeEstimate, "on_validation_start", lambda self, *_: None)
    monkeypatch.setattr(TimeEstimate, "on_validation_end", lambda self, *_: None)
    config = train_config("max_images=56", "val_every_images=1000", "callbacks.time.steps=7", "metric=[]")
    with caplog.at_level("INFO"):
        assert run(config) == 0
    said = [record.getMessage() for record in caplog.records if "on this machine" in record.getMessage()]
    # 0.5 s from the fifth step to the seventh, 2 images each: an eighth of a second for each of 42
    assert said == ["about 5 s for 42 images on this machine"]


def test_validations_do_not_count(monkeypatch) -> None:
    clock = Clock()
    monkeypatch.setattr(time_estimate, "time", clock)
    told = TimeEstimate(smaller="X")
    told._started = (10.0, 0)
    told.on_validation_start(None, None)
    clock.now += 100.0
    told.on_validation_end(None, None)
    assert told._started == (110.5, 0)


def test_a_run_that_is_shorter_says_nothing(train_config, caplog) -> None:
    with caplog.at_level("INFO"):
        assert run(train_config("max_images=8", "metric=[]")) == 0
    assert "on this machine" not in caplog.text


def test_the_smaller_recipe_is_there_and_composes() -> None:
    typed = compose_config("train", []).callbacks.time.smaller
    (name,) = re.findall(r"\+experiment=(\w+)", typed)
    assert (conf_dir() / "experiment" / f"{name}.yaml").is_file()
    words = typed.replace("PHOTOS", "a").replace("PAINTINGS", "b").split()
    assert compose_config("train", words).data.style.root == "b"


def test_steps_that_are_not_timed_are_not_enough() -> None:
    with pytest.raises(ValueError, match="steps must be above 5"):
        TimeEstimate(steps=5, smaller="X")
