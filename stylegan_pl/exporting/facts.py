"""What there is to tell of a trained generator, as plain data: it travels in every exported file."""

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open

from stylegan_pl.checkpoint import METADATA_KEY, load
from stylegan_pl.evaluation.run_record import RunRecord

Facts = dict[str, Any]
"""Nested dicts, lists and scalars."""

_TRAINING = ("image_size", "batch_size", "max_images", "max_epochs", "seed", "precision")


def facts_of(path: Path) -> Facts:
    """From a checkpoint and the run's folder around it, or from an exported file: what it was told."""
    if path.suffix == ".safetensors":
        with safe_open(path, "np") as file:
            facts: Facts = json.loads((file.metadata() or {}).get(METADATA_KEY, "{}"))
            return facts
    checkpoint = load(path)
    config = checkpoint["config"]
    run = path.parent.parent if path.parent.name == "checkpoints" else path.parent
    return {
        "generator": config["model"]["generator"],
        "training": {
            "method": str(config["model"].get("_target_", "")).rpartition(".")[2],
            **{key: config[key] for key in _TRAINING if config.get(key) is not None},
            "images_seen": checkpoint.get("images_seen"),
        },
        "data": {part: _named(config.get("data"), part) for part in ("content", "style")},
        "scores": _scores(checkpoint, run),
        "cost": RunRecord(run).cost(),
    }


def _named(data: Any, part: str) -> str | None:
    """A folder by its last two names: where it lay on somebody's disk is nobody's business."""
    root = (data or {}).get(part, {}).get("root") if isinstance(data, dict) else None
    return None if root is None else "/".join(Path(str(root)).parts[-2:])


def _scores(checkpoint: dict[str, Any], run: Path) -> Facts:
    """Those of `evaluate`, where its report lies in the run's folder; else the validation's best."""
    report = run / "report" / "metrics.json"
    if report.is_file():
        scores = json.loads(report.read_text()).get("scores", {})
        return {
            name: {key: score.get(key) for key in ("value", "floor", "ceiling", "n")} for name, score in scores.items()
        }
    best = checkpoint.get("callbacks", {}).get("RunCheckpoints", {}).get("best_score")
    return {} if best is None else {"best validation score": {"value": best}}
