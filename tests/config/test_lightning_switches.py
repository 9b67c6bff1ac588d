"""Lightning's own switches are answered with what to type, before anything is built, and what is answered composes."""

import re
import shlex
import sys
from pathlib import Path

import pytest
from conftest import compose_config

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.lightning_switches import CALLBACKS, TRAINER, check_switches
from stylegan_pl.config.static_signature import signature_of
from stylegan_pl.errors import ConfigError

OF_LIGHTNING = "lightning.pytorch.callbacks."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["+trainer.fast_dev_run=true"],
            "trainer.fast_dev_run is not used here; type +debug=smoke",
        ),
        (["+trainer.overfit_batches=1"], "type data=single_pair"),
        (["+trainer.limit_train_batches=10"], "type max_images=N"),
        (["+trainer.max_steps=100"], "type max_images=N, because Lightning counts a step of each optimizer"),
        (["+trainer.gradient_clip_val=1"], "type model.mechanics.generator_clip_norm=X"),
        (["+trainer.precision=bf16-mixed"], "type precision=bf16 at the root"),
        (["+trainer.default_root_dir=here"], "type hydra.run.dir=FOLDER"),
        (
            [f"+callbacks.finder._target_={OF_LIGHTNING}LearningRateFinder"],
            "callbacks.finder: LearningRateFinder does not work with two optimizers; type -m model.",
        ),
        (
            [f"+callbacks.thaw._target_={OF_LIGHTNING}BackboneFinetuning"],
            "callbacks.thaw: BackboneFinetuning does not work with two optimizers; type start_from=RUN_OR_FILE",
        ),
        ([f"+callbacks.swa._target_={OF_LIGHTNING}StochasticWeightAveraging"], "model.mechanics.ema_half_life_images"),
        (
            [f"+callbacks.bar._target_={OF_LIGHTNING}RichProgressBar"],
            f"type callbacks.progress._target_={OF_LIGHTNING}RichProgressBar in its place",
        ),
    ],
)
def test_a_switch_of_lightnings_is_answered(words: list[str], said: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(said)):
        check_switches(compose_config("train", words))


def test_what_goes_is_let_through() -> None:
    bar = f"callbacks.progress._target_={OF_LIGHTNING}TQDMProgressBar"
    monitor = f"+callbacks.rates._target_={OF_LIGHTNING}LearningRateMonitor"
    check_switches(compose_config("train", [bar, monitor, "trainer.profiler=simple", "+trainer.detect_anomaly=true"]))
    other = f"+callbacks.bar._target_={OF_LIGHTNING}TQDMProgressBar"
    check_switches(compose_config("train", ["~callbacks.progress", other]))


def test_what_is_answered_composes() -> None:
    typed = " ".join([*TRAINER.values(), *CALLBACKS.values()])
    words = [word.partition(",")[0].rstrip(":;") for word in shlex.split(typed) if re.match(r"[+~]|[\w.]+=", word)]
    words = [word for word in words if not word.endswith(("=N", "=X", "=…"))]
    assert len(words) > 10 and compose_config("train", for_hydra(list(dict.fromkeys(words)), "train"))


def test_every_switch_is_lightnings() -> None:
    signature = signature_of("lightning.Trainer")
    assert signature is not None and TRAINER.keys() <= signature.parameters.keys()


def test_without_the_plus_it_is_answered_too(monkeypatch, capsys, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["train", "trainer.fast_dev_run=true"])
    with pytest.raises(SystemExit) as ended:
        run_verb("train", lambda config: 0)
    assert (
        ended.value.code == 2 and "trainer.fast_dev_run is not used here; type +debug=smoke" in capsys.readouterr().err
    )


def test_the_page_names_each() -> None:
    page = (Path(__file__).parents[2] / "docs/lightning.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page for name in [*TRAINER, *CALLBACKS])
