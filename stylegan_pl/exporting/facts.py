"""Facts about a trained generator, as plain data that every exported file contains."""

import json
from pathlib import Path
from typing import Any

from stylegan_pl.runs.checkpoint import exported, load
from stylegan_pl.runs.record import RunRecord

Facts = dict[str, Any]
"""Nested dicts, lists and scalars."""

_TRAINING = ("image_size", "batch_size", "max_images", "max_epochs", "seed", "precision")
_LINES = ("about", "command", "licence")
_SCORE = ("value", "floor", "ceiling", "n")


def facts_of(path: Path) -> Facts:
    """The facts, from a checkpoint and its run's folder; from an exported file, the facts that it contains.

    Raises:
        UserError: the file cannot be read.
    """
    if path.suffix == ".safetensors":
        facts = exported(path)[0]
        return {
            **{key: facts[key] for key in _LINES if isinstance(facts.get(key), str)},
            **{key: _scalars(facts.get(key)) for key in ("training", "data", "cost")},
            "generator": facts["generator"],
            "scores": _numbers(facts.get("scores")),
        }
    checkpoint = load(path)
    config = checkpoint["config"]
    run = path.parent.parent if path.parent.name == "checkpoints" else path.parent
    method = _within(config, "model", "_target_")
    return {
        "generator": _within(config, "model", "generator"),
        "training": {
            "method": method.rpartition(".")[2] if isinstance(method, str) else "",
            **_scalars({key: config[key] for key in _TRAINING if config.get(key) is not None}),
            **_scalars({"images_seen": checkpoint.get("images_seen")}),
        },
        "data": {part: _named(_within(config, "data", part, "root")) for part in ("content", "style")},
        "scores": _scores(checkpoint, run),
        "cost": RunRecord(run).cost(),
    }


def _within(value: Any, *keys: str) -> Any:
    """The value under nested keys; None if a key is missing."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _named(root: Any) -> str | None:
    """A folder's last two names only, because the whole path may be private."""
    return "/".join(Path(root).parts[-2:]) if isinstance(root, str) else None


def _scores(checkpoint: dict[str, Any], run: Path) -> Facts:
    """The scores of `evaluate`, if its report is in the run's folder; else the best of validation."""
    report = run / "report" / "metrics.json"
    if report.is_file():
        try:
            return _numbers(_within(json.loads(report.read_text()), "scores"))
        except (ValueError, RecursionError):
            return {}
    return _numbers(
        {"best validation score": {"value": _within(checkpoint, "callbacks", "RunCheckpoints", "best_score")}}
    )


def _scalars(rows: Any) -> Facts:
    plain = (bool, int, float, str, type(None))
    return {str(key): value for key, value in rows.items() if type(value) in plain} if isinstance(rows, dict) else {}


def _numbers(scores: Any) -> Facts:
    """Name -> value, floor, ceiling and n, if they are numbers; scores without numbers are left out."""
    found = {}
    for name, score in scores.items() if isinstance(scores, dict) else ():
        numbers_of_score = {key: number for key in _SCORE if type(number := _within(score, key)) in (int, float)}
        if numbers_of_score:
            found[str(name)] = numbers_of_score
    return found
