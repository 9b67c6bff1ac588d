"""Every method on the embedded sample at one budget of images: score, seconds, memory.

`python -m benchmarks.compare images=4000` prints the table of docs/recipes.md. Each method is one training run in a
process of its own, with small networks; what is typed beside `model=NAME` stands in METHODS. `methods=[cut,ast]` runs
some, `vgg16=FILE` adds `adain` with that file's weights, any other argument is an override of all, such as seed=1.
"""

import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SCORE = "val/sliced_wasserstein"
COMMON = ["+experiment=sample_methods", "trainer=cpu", "logger=csv"]
SMALL_GENERATOR = [
    "generator@model.generator=resnet6",
    "model.generator.blocks=3",
    "model.generator.width=16",  # a multiple of 16: other widths are several times slower on a CPU
]
SMALL_OPPONENT = ["discriminator@model.discriminator=patchgan16", "model.discriminator.width=32"]
SMALL = [*SMALL_GENERATOR, *SMALL_OPPONENT]
STROKES = ["feature_network.style_layers.scale1=4.0", "feature_network.style_layers.colour=0.05"]  # the demo's

METHODS: dict[str, list[str]] = {
    "vanilla": ["model=vanilla", *SMALL, *STROKES, "image_loss.style.weight=30", "model.adversarial_weight=5"],
    "perceptual": ["model=perceptual", *SMALL_GENERATOR, *STROKES, "image_loss.style.weight=30"],
    "cyclegan": ["model=cyclegan", *SMALL],
    "cut": ["model=cut", *SMALL],
    "fastcut": ["model=fastcut", *SMALL],
    "sincut": ["model=sincut", *SMALL],
    "ast": ["model=ast", *SMALL],
    "adain_scratch": ["model=adain_scratch", *SMALL_OPPONENT, *STROKES, "model.generator_optimizer.lr=2e-4"],
    "pix2pix": ["model=pix2pix", "data=sample_paired", *SMALL],
}
"""Method -> what is typed beside the common part."""


def run(method: str, overrides: list[str], folder: Path) -> dict[str, Any]:
    """Train one method; returns its row."""
    typed = [*COMMON, *METHODS[method], *overrides, f"hydra.run.dir={folder}"]
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "stylegan_pl.train", *typed], capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode != 0:
        sys.exit(f"{method}: {done.stderr.strip().splitlines()[-1]}\n  stylegan_pl.train {' '.join(typed)}")
    status = json.loads((folder / "status.json").read_text())
    with (folder / "metrics.csv").open() as file:
        last = [row for row in csv.DictReader(file) if row.get(SCORE)][-1]
    return {
        "method": method,
        "photographs": float(last[f"{SCORE}_floor"]),
        "stylised": float(last[SCORE]),
        "paintings": float(last[f"{SCORE}_ceiling"]),
        "gap_closed": float(last[f"{SCORE}_gap_closed"]),
        "images": status["images_seen"],
        "seconds": seconds,
        "peak_memory_gib": status["peak_memory_gib"],
    }


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown, as docs/recipes.md has it."""
    names = (
        "method",
        "photographs",
        "stylised",
        "margin",
        "paintings",
        "gap closed",
        "images",
        "seconds",
        "memory, GiB",
    )
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for row in rows:
        cells = (
            f"`{row['method']}`",
            f"{row['photographs']:.0f}",
            f"{row['stylised']:.0f}",
            f"{row['photographs'] - row['stylised']:+.0f}",
            f"{row['paintings']:.0f}",
            f"{row['gap_closed']:.0%}",
            f"{row['images']:,}",
            f"{row['seconds']:.0f}",
            f"{row['peak_memory_gib']:.2f}",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what the command line names; the table, then JSON on the last line."""
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    if vgg16 := options.pop("vgg16", None):
        encoder = "model.generator.encoder"
        weights = [f"{encoder}.architecture=vgg16", f"{encoder}.weights_path={vgg16}"]
        METHODS["adain"] = ["model=adain", *SMALL_OPPONENT, *STROKES, "model.generator_optimizer.lr=2e-4", *weights]
    methods = options.pop("methods", ",".join(METHODS)).strip("[]").split(",")
    if unknown := [method for method in methods if method not in METHODS]:
        sys.exit(f"error: no method '{unknown[0]}'; there is {', '.join(METHODS)}")
    images = options.pop("images", "4000")
    out = Path(options.pop("out", "") or tempfile.mkdtemp(prefix="compare-"))
    overrides = [f"max_images={images}", *(f"{key}={value}" for key, value in options.items())]
    rows = []
    for method in methods:
        rows.append(run(method, overrides, out / method))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    print(f"{os.cpu_count()} CPU cores; runs in {out}\n\n{table(rows)}\n{json.dumps(rows)}")


if __name__ == "__main__":
    main()
