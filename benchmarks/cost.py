"""What a step costs by image size and batch: seconds and peak memory, as a table and a graph.

    python -m benchmarks.cost model=cyclegan sizes=64,128,192 batches=1,2,4 picture=docs/cost.png

Each cell is a process of its own. The largest size is measured at batch 1 alone, and there and at the largest batch of
the size before it also with `recompute=true`. Any other argument is an override of the training config.
"""

import sys
from pathlib import Path
from typing import Any

from benchmarks.memory import cost_of_step
from benchmarks.pairs import last_line, machine, table
from benchmarks.steps import NO_DOWNLOADS
from benchmarks.typed import keyed

_OWN = ("sizes", "batches", "picture")


def rows_of(overrides: list[str], sizes: list[int], batches: list[int]) -> list[dict[str, Any]]:
    """A row a size and batch, smallest first."""
    cells = [(size, batch) for size in sizes[:-1] for batch in batches] + [(sizes[-1], batches[0])]
    recomputed = {(size, batches[-1]) for size in sizes[-2:-1]} | {cells[-1]}
    rows = []
    for size, batch in cells:
        typed = [*overrides, f"image_size={size}", f"batch_size={batch}"]
        seconds, gib = cost_of_step(typed)
        row = {
            "pixels": size, "batch": batch, "s a step": round(seconds, 3), "pairs/s": round(batch / seconds, 3),
            "peak GiB": round(gib, 2), "recompute: s a step": "", "recompute: peak GiB": "",
        }  # fmt: skip
        if (size, batch) in recomputed:
            again = cost_of_step([*typed, "model.mechanics.recompute=true"])
            row["recompute: s a step"], row["recompute: peak GiB"] = round(again.seconds, 3), round(again.gib, 2)
        rows.append(row)
    return rows


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Seconds and memory over the batch, a line a size; both axes in doublings."""
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for panel, key in zip(panels, ("s a step", "peak GiB"), strict=True):
        for size in sorted({row["pixels"] for row in rows}):
            line = [(row["batch"], row[key]) for row in rows if row["pixels"] == size]
            panel.plot(*zip(*line, strict=True), marker="o", label=f"{size} px")
        panel.set_xscale("log", base=2)
        panel.set_yscale("log", base=2)
        panel.set(xlabel="batch", ylabel=key)
        for axis in (panel.xaxis, panel.yaxis):
            axis.set_major_formatter("{x:g}")
        panel.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure, the table, the picture where one is asked for, then JSON."""
    own = keyed(sys.argv[1:], numbers=("sizes", "batches"), others=("picture",), verb="train")
    overrides = [*NO_DOWNLOADS, *(word for word in sys.argv[1:] if word.split("=")[0] not in _OWN)]
    sizes, batches = (
        [int(number) for number in own.get(key, default).split(",")]
        for key, default in (("sizes", "64,128,192"), ("batches", "1,2,4"))
    )
    rows = rows_of(overrides, sizes, batches)
    table(rows)
    if "picture" in own:
        draw(rows, Path(own["picture"]))
    last_line({"rows": rows, **machine()})


if __name__ == "__main__":
    main()
