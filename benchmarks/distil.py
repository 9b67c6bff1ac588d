"""A student beside its teacher: scores on the same photographs, distance to the teacher's pictures, size, speed.

    python -m benchmarks.distil teacher=RUN student=RUN more=[RUN,RUN] sides=256,512 turns=9

`more` are judged, too, such as the same student trained alone. Any other argument goes to `evaluate`, which compares
all of them. Speed is that of teacher and student in turns A B A B, one picture, warm: torch eagerly in float32, and the
file of `export` in onnxruntime. OMP_NUM_THREADS=1 is torch on one thread; onnxruntime takes its own.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.flops import forward_macs
from benchmarks.pairs import last_line, machine, median, pairs, ratio, table
from benchmarks.typed import keyed
from stylegan_pl.evaluation.fixed_set import read_fixed_set
from stylegan_pl.evaluation.training_data import sets_of
from stylegan_pl.inference.onnx.painter import OnnxPainter
from stylegan_pl.pictures.tensors import to_float
from stylegan_pl.runs.checkpoint import load, load_generator, resolve

Facts = dict[str, Any]


def scores(runs: dict[str, str], typed: list[str], folder: Path) -> dict[str, dict[str, Any]]:
    """Run -> metric -> what `evaluate` found."""
    arguments = [f"compare=[{','.join(runs.values())}]", *typed, f"output={folder / 'report'}"]
    _verb("evaluate", *arguments)
    entries = json.loads((folder / "report" / "metrics.json").read_text())["entries"]
    return {name: entry["scores"] for name, entry in zip(runs, entries, strict=True)}


def _verb(name: str, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", f"stylegan_pl.{name}", *arguments], check=True, stdout=sys.stderr)


@torch.no_grad()
def distances(runs: dict[str, str]) -> dict[str, float]:
    """Run -> mean |G(x) − T(x)| in [-1, 1], over the photographs that the teacher's training held out."""
    path = resolve(runs["teacher"])
    config = load(path)["config"]
    fixed = read_fixed_set(
        *sets_of(config, path), split="val", size=config["image_size"], seed=0, pairs=500, style_crops=4
    )
    photographs = to_float(torch.stack([photograph.content for photograph in fixed.photographs]))
    taught = load_generator(path)(photographs)
    painted = {name: load_generator(resolve(run))(photographs) for name, run in runs.items()}
    return {name: float((pictures - taught).abs().mean()) for name, pictures in painted.items()}


def size(generator: nn.Module) -> Facts:
    """Parameters, and multiply-accumulates at 256²."""
    parameters = sum(p.numel() for p in generator.parameters())
    return {"parameters": parameters, "GMAC at 256²": forward_macs(generator, 1, 3, 256, 256) / 1e9}


def in_torch(generator: nn.Module, side: int) -> Callable[[], object]:
    """One call on noise, in float32."""
    picture = torch.rand(1, 3, side, side) * 2 - 1

    @torch.inference_mode()
    def call() -> object:
        return generator(picture)

    return call


def in_onnx(file: Path, side: int) -> Callable[[], object]:
    """One call from 8-bit picture to 8-bit picture."""
    painter = OnnxPainter(file, stroke_at=None, device="cpu")
    picture = np.random.default_rng(0).integers(0, 256, (1, side, side, 3), dtype=np.uint8)
    return lambda: painter(picture)


def speed(runs: dict[str, str], sides: list[int], turns: int, folder: Path) -> list[Facts]:
    """A row for each program and side: milliseconds of either, and the median over pairs of teacher / student."""
    generators = {name: load_generator(resolve(run)) for name, run in runs.items()}
    files = {name: folder / f"{name}.onnx" for name in runs}
    for name, file in files.items():
        _verb("export", f"ckpt={runs[name]}", f"output={file}")
    rows = []
    for side in sides:
        for program, calls in (
            ("torch", {name: in_torch(generator, side) for name, generator in generators.items()}),
            ("onnxruntime", {name: in_onnx(file, side) for name, file in files.items()}),
        ):
            spent = pairs(calls, repetitions=turns)
            rows.append({
                "program": program, "side": side, **{f"{name}, ms": 1000 * median(spent[name]) for name in runs},
                "teacher / student": ratio(spent["teacher"], spent["student"]),
            })  # fmt: skip
    return rows


def main() -> None:
    """Judge, count, time; tables, then JSON on the last line."""
    options = keyed(sys.argv[1:], numbers=("sides", "turns"), others=("teacher", "student", "more"), verb="evaluate")
    missing = [name for name in ("teacher", "student") if name not in options]
    if missing:
        sys.exit(f"error: whose speed and scores? type {missing[0]}=RUN")
    taught = {name: options.pop(name) for name in ("teacher", "student")}
    more = [run for run in options.pop("more", "").strip("[]").split(",") if run]
    runs = {**taught, **{Path(run).name: run for run in more}}
    sides = [int(side) for side in options.pop("sides", "256,512").split(",")]
    turns = int(options.pop("turns", "9"))
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = scores(runs, [f"{key}={value}" for key, value in options.items()], folder)
        timings = speed(taught, sides, turns, folder)
    apart = distances(runs)
    rows = []
    for run, of_metric in found.items():
        values = {metric: score["value"] for metric, score in of_metric.items()}
        rows.append({"": run, **size(load_generator(resolve(runs[run]))), **values, "from teacher": apart[run]})
    anchors = {metric: [score["floor"], score["ceiling"]] for metric, score in found["teacher"].items()}
    table(rows)
    print(f"photographs and paintings: {anchors}\n")
    table(timings)
    last_line({"runs": rows, "anchors": anchors, "speed": timings, **machine()})


if __name__ == "__main__":
    main()
