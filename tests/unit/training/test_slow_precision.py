"""Who types bf16 on a processor without it is told so, and evaluation does not follow it there."""

import logging
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from stylegan_pl.evaluation.options import chosen_measures
from stylegan_pl.training.build import build_trainer


def processor(monkeypatch: pytest.MonkeyPatch, has_bf16: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: has_bf16)
    monkeypatch.setattr(torch.ops.mkldnn, "_is_mkldnn_bf16_supported", lambda: has_bf16)


@pytest.mark.parametrize(
    ("precision", "has_bf16", "taken", "told"),
    [
        ("bf16", False, "bf16-mixed", True),
        ("bf16", True, "bf16-mixed", False),
        ("bf16_if_fast", False, "32-true", False),
        ("bf16_if_fast", True, "bf16-mixed", False),
        ("auto", True, "32-true", False),
    ],
)
def test_training(train_config, monkeypatch, caplog, precision, has_bf16, taken, told):
    processor(monkeypatch, has_bf16)
    config = train_config(f"precision={precision}", "trainer=cpu")
    with caplog.at_level(logging.WARNING):
        trainer = build_trainer(config, Path(config.run_dir))
    assert trainer.precision == taken
    assert ("type precision=fp32, or bf16_if_fast" in caplog.text) is told


@pytest.mark.parametrize(
    ("trained", "has_bf16", "device", "painted"),
    [
        ("bf16", False, "cpu", "fp32"),
        ("bf16", True, "cpu", "bf16"),
        ("bf16", False, "cuda", "bf16"),
        ("fp16", True, "cpu", "fp32"),
    ],
)
def test_evaluation(monkeypatch, trained, has_bf16, device, painted):
    processor(monkeypatch, has_bf16)
    config = OmegaConf.create({"pairs": None, "style_crops": None, "seed": None, "precision": None})
    training = ({"precision": trained}, Path("last.ckpt"))
    assert chosen_measures(config, training, 64, {}, torch.device(device)).precision == painted
