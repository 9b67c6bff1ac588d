"""Whether what is faster paints as well: the same recipe at equal images seen, several seeds, by every set of switches.

    python -m benchmarks.quality images=1000 seeds=3 jobs=2 switches=[plain,ours,bf16,compile]

Trains the embedded sample's recipe once a seed and set of switches, one thread each, and compares the metric that each
run ends with: a set of switches passes where its mean lies within the range of the plain float32 runs' seeds, or beyond
it on the better side. Any other argument is an override of every run; a run that is done already is not trained again,
and other words are refused.
"""

import json
import os
import statistics
import sys
from pathlib import Path
from typing import Any

from benchmarks.leaderboard import check_composes, train_all
from benchmarks.pairs import last_line, machine, table
from benchmarks.typed import chosen_of, keyed

SWITCHES: dict[str, list[str]] = {
    "plain": [
        "model.mechanics.channels_last=false",
        "model.mechanics.multiply_less=false",
        "model.game.one_forward=false",
        "++model.generator_optimizer.fused=false",
        "++model.discriminator_optimizer.fused=false",
    ],
    "ours": [],
    "bf16": ["precision=bf16"],
    "compile": ["model.mechanics.compile=true"],
}
"""Name -> what is typed; `ours` is conf/ as it stands."""


def rows_of(out: Path, chosen: list[str], seeds: int) -> list[dict[str, Any]]:
    """A row a set of switches: mean, range over seeds, and the verdict against the plain runs' range."""
    found = {
        name: [json.loads((out / f"{name}-{seed}" / "status.json").read_text()) for seed in range(seeds)]
        for name in chosen
    }
    scores = {name: [float(status["best_score"]) for status in statuses] for name, statuses in found.items()}
    worst = max(scores["plain"])  # the metric is a distance
    return [
        {
            "switches": name,
            "mean": round(statistics.mean(values), 1),
            "lowest": round(min(values), 1),
            "highest": round(max(values), 1),
            "within plain's seeds": "yes" if statistics.mean(values) <= worst else "NO",
            "seconds": round(statistics.median(status["seconds"] for status in found[name])),
        }
        for name, values in scores.items()
    ]


def main() -> None:
    """Train, then the table, then JSON."""
    options = keyed(sys.argv[1:], numbers=("images", "seeds", "jobs"), others=("switches", "out"), verb="train")
    chosen = chosen_of(options.pop("switches", ",".join(SWITCHES)), SWITCHES, "switches")
    chosen = ["plain", *(name for name in chosen if name != "plain")]
    images, seeds = options.pop("images", "1000"), int(options.pop("seeds", "3"))
    out, jobs = Path(options.pop("out", "outputs/quality")), int(options.pop("jobs", str(os.cpu_count() or 1)))
    typed = [f"max_images={images}", f"val_every_images={images}"]
    typed += [f"{key}={value}" for key, value in options.items()]
    check_composes({name: ["+experiment=sample", *SWITCHES[name], *typed] for name in chosen})
    runs = [
        (["+experiment=sample", *SWITCHES[name], *typed, f"seed={seed}"], out / f"{name}-{seed}")
        for seed in range(seeds)
        for name in chosen
    ]
    train_all(runs, jobs)
    rows = rows_of(out, chosen, seeds)
    table(rows)
    last_line({"images": int(images), "rows": rows, **machine()})


if __name__ == "__main__":
    main()
