"""Writes the model card of an exported file."""

from typing import Any

from stylegan_pl.exporting.facts import Facts
from stylegan_pl.exporting.parity import Agreement

UNSTATED = (
    "not stated by who exported it. Weights are made from the pictures they were trained on; ask who holds the rights "
    "to those before you hand it on"
)


def card(name: str, facts: Facts, agreements: list[Agreement], use: str) -> str:
    """The model card, as Markdown.

    Args:
        name: the file's name.
        facts: facts of the generator and the file.
        use: a paragraph on how to run it.
    """
    network = facts["file"]
    parts = [
        f"# {name}",
        *([facts["about"]] if facts.get("about") else []),
        f"A style-transfer generator, photograph in, painting of the same size out. {use}",
        "## File",
        _table({key: value for key, value in network.items() if value is not None}),
        "## Agreement with the generator in PyTorch, in steps of 1/255",
        _agreement(agreements),
        "## Training",
        _table({**facts.get("training", {}), **{f"{k} images": v for k, v in facts.get("data", {}).items()}}),
        *([f"Made by\n\n```\n{facts['command']}\n```"] if facts.get("command") else []),
        "## Scores",
        _scores(facts.get("scores", {})),
        "## Cost of training",
        _table(facts.get("cost", {})),
        "## Licence",
        f"{facts.get('licence') or UNSTATED}",
        "## Limits",
        "It repaints pictures in the manner it was trained on, and knows nothing of what they show; pictures unlike "
        "the training photographs may come out worse. No measure above speaks of faces or of people.",
        "## Generator",
        "```yaml\n" + "\n".join(_yaml(facts.get("generator", {}))) + "\n```",
    ]
    return "\n\n".join(parts) + "\n"


def _table(rows: dict[str, Any]) -> str:
    lines = [f"| {key.replace('_', ' ')} | {value} |" for key, value in rows.items() if value not in (None, "")]
    return "\n".join(["| | |", "|---|---|", *lines]) if lines else "not known"


def _agreement(agreements: list[Agreement]) -> str:
    rows = [f"| {a.height} × {a.width} | {a.largest:.2f} | {a.mean:.4f} |" for a in agreements]
    return "\n".join(["| height × width | largest difference | mean difference |", "|---|---|---|", *rows])


def _scores(scores: dict[str, Any]) -> str:
    rows = [
        "| " + " | ".join([name, *(_number(score.get(key)) for key in ("value", "floor", "ceiling", "n"))]) + " |"
        for name, score in scores.items()
    ]
    head = "| score | of this | of untouched photographs | of real paintings | pictures |"
    return "\n".join([head, "|---|---|---|---|---|", *rows]) if rows else "none measured"


def _number(value: Any) -> str:
    return "" if value is None else f"{value:.4g}"


def _yaml(node: Any, indent: str = "") -> list[str]:
    lines = []
    for key, value in node.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", *_yaml(value, indent + "  ")]
        else:
            lines.append(f"{indent}{key}: {value}")
    return lines
