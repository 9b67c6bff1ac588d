"""Lightning's own callbacks and profilers watch a run of two players, typed by their class."""

import csv
import logging

import pytest
from lightning.pytorch.callbacks import Callback

from stylegan_pl.errors import ConfigError
from stylegan_pl.training.run import run

OF_LIGHTNING = "lightning.pytorch.callbacks."


def test_they_watch_a_run(train_config, tmp_path, caplog, capsys) -> None:
    config = train_config(
        "trainer.profiler=simple",
        "trainer.enable_model_summary=true",
        f"callbacks.progress._target_={OF_LIGHTNING}TQDMProgressBar",
        f"+callbacks.rates._target_={OF_LIGHTNING}LearningRateMonitor",
        f"+callbacks.timer._target_={OF_LIGHTNING}Timer",
        f"+callbacks.kept._target_={OF_LIGHTNING}ModelCheckpoint",
        f"+callbacks.kept.dirpath={tmp_path}/kept",
        f"+callbacks.patient._target_={OF_LIGHTNING}EarlyStopping",
        "+callbacks.patient.monitor=val/sliced_wasserstein",
    )
    with caplog.at_level(logging.INFO):
        assert run(config) == 0
    profile = tmp_path / "run/fit-profile.txt"
    assert "run_training_batch" in profile.read_text() and str(profile) in caplog.text
    assert "Trainable params" in capsys.readouterr().out
    assert list((tmp_path / "kept").glob("*.ckpt"))
    heads = next(csv.reader((tmp_path / "run/metrics.csv").open()))
    assert any(name.startswith("lr-") for name in heads), heads


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("SpikeDetection", r"callbacks\.odd: Lightning's SpikeDetection fails in this run \(KeyError: .*loss"),
        ("BackboneFinetuning", r"BackboneFinetuning fails in this run \(AttributeError: .*'backbone'\); leave it"),
    ],
)
def test_a_callback_that_fails_is_named(train_config, kind, said) -> None:
    with pytest.raises(ConfigError, match=said):
        run(train_config(f"+callbacks.odd._target_={OF_LIGHTNING}{kind}"))


class Broken(Callback):
    """Somebody's own: its author wants the traceback."""

    def on_fit_start(self, trainer, pl_module) -> None:
        raise KeyError("mine")


def test_somebodys_own_callback_keeps_its_error(train_config) -> None:
    with pytest.raises(KeyError, match="mine"):
        run(train_config("+callbacks.own._target_=integration.test_lightning_callbacks.Broken"))


def test_what_lightning_refuses_is_a_line(train_config) -> None:
    averaged = f"+callbacks.averaged._target_={OF_LIGHTNING}StochasticWeightAveraging"
    with pytest.raises(ConfigError, match="Lightning refuses this: SWA currently works with 1 `optimizer`"):
        run(train_config(averaged, "+callbacks.averaged.swa_lrs=0.1"))
