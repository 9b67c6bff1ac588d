"""What a card and an exported file tell, and what they keep to themselves."""

import json

import torch

from stylegan_pl.exporting.card import UNSTATED, card
from stylegan_pl.exporting.facts import facts_of
from stylegan_pl.exporting.parity import Agreement

CONFIG = {
    "model": {"_target_": "stylegan_pl.models.cut.CUT", "generator": {"_target_": "x.Y", "up": {"mode": "nearest"}}},
    "image_size": 128,
    "data": {"content": {"root": "/home/zoe/pictures/photos/train"}, "style": {"root": "data/monet"}},
}


def run_folder(tmp_path):
    """A run as train and evaluate leave it."""
    path = tmp_path / "run" / "checkpoints" / "best.ckpt"
    path.parent.mkdir(parents=True)
    kept = {"RunCheckpoints": {"best_score": 3.25}}
    torch.save({"config": CONFIG, "state_dict": {}, "images_seen": 900, "callbacks": kept}, path)
    status = {"images_seen": 900, "seconds": 61.4, "peak_memory_gib": 1.5, "host": "zoes-machine"}
    (tmp_path / "run" / "status.json").write_text(json.dumps(status))
    return path


def test_facts_come_from_the_checkpoint_and_its_run(tmp_path):
    path = run_folder(tmp_path)
    facts = facts_of(path)
    assert facts["training"] == {"method": "CUT", "image_size": 128, "images_seen": 900}
    assert facts["data"] == {"content": "photos/train", "style": "data/monet"}
    assert facts["scores"] == {"best validation score": {"value": 3.25}}
    assert facts["cost"]["training"] == "61 s" and facts["cost"]["peak memory"] == "1.50 GiB"
    assert "zoe" not in json.dumps(facts), "names of people and machines stay at home"


def test_a_report_goes_before_the_validation_score(tmp_path):
    path = run_folder(tmp_path)
    report = tmp_path / "run" / "report" / "metrics.json"
    report.parent.mkdir()
    report.write_text(json.dumps({"scores": {"kid": {"value": 0.01, "floor": 0.2, "ceiling": 0.001, "n": 50, "x": 1}}}))
    assert facts_of(path)["scores"] == {"kid": {"value": 0.01, "floor": 0.2, "ceiling": 0.001, "n": 50}}


def test_the_card_has_every_section(tmp_path):
    facts = {**facts_of(run_folder(tmp_path)), "file": {"format": "onnx", "opset": None}}
    text = card("p.onnx", facts, [Agreement(128, 250, 1.0, 0.125)], "Run it so.")
    for heading in ("File", "Agreement", "Training", "Scores", "Cost", "Licence", "Limits", "Generator"):
        assert f"\n## {heading}" in text
    assert "| 128 × 250 | 1.00 | 0.1250 |" in text and "| best validation score | 3.25 |" in text
    assert UNSTATED in text and "  mode: nearest" in text and "opset" not in text
    assert "CC0" in card("p.onnx", {**facts, "licence": "CC0"}, [], "")
