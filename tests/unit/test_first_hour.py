"""The report of `make gpu`: what is timed, what is trained, and how it is said."""

import sys

import pytest

from benchmarks import gpu
from benchmarks.steps import composed


def test_every_step_that_is_timed_composes():
    for name, changes in gpu.STEPS.items():
        config = composed([*changes, "model=cyclegan", "image_size=64"])
        assert (config.precision.name == "fp32") == (name == "float32")
        assert bool(config.model.mechanics.compile) == ("compiled" in name)


def test_the_report_has_a_row_a_step_and_the_training_that_was_typed():
    rows = [{"step": name, "pairs/s": 2.5, "peak GiB": 1.0} for name in gpu.STEPS]
    trained = {"typed": ["+experiment=coco_vangogh", "data=sample"], "images": 12345, "minutes": 20.0}
    text = gpu.text_of(rows, trained, {"device": "a card"})
    assert text.count("| 2.5 | 1.0 |") == 3 and "device a card" in text
    assert "Trained 12,345 images, 20 minutes: `+experiment=coco_vangogh data=sample`." in text


def test_one_set_alone_is_refused(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["gpu", "photographs=here"])
    with pytest.raises(SystemExit, match="photographs= and paintings= belong together"):
        gpu.main()
    assert not list(tmp_path.iterdir())
