"""Every method at one budget of images, several seeds each, judged on the same photographs: experiments/leaderboard/.

`python -m benchmarks.leaderboard` trains on the embedded sample, two runs at a time, one thread each, then lets
`evaluate` compare all of them, and writes `sample.md`, `sample.json` and `sample.jpg` to `into`. What is typed for each
method stands in METHODS. A run that is done already is not trained again: the command can be stopped and repeated.

  images=1000 seeds=3 methods=[cut,ast] jobs=2 out=outputs/leaderboard into=experiments/leaderboard name=sample
  photographs=FOLDER paintings=FOLDER vgg16=FILE     other sets, looked at through that VGG-16; adds `adain`

Any other argument is an override of every run.
"""

import json
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PIL import Image

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
"""Method -> what is typed beside the common part, on the sample."""


_SAME = ("floor", "ceiling", "n", "n_paintings", "weights", "resize", "higher_is_better")  # for all seeds and methods


def methods_through_vgg(weights: str) -> dict[str, list[str]]:
    """The methods for unpaired sets of one's own, with VGG-16 from a file as the feature network."""
    network = ["feature_network=vgg16", f"feature_network.weights_path={weights}"]
    encoder = ["model.generator.encoder.architecture=vgg16", f"model.generator.encoder.weights_path={weights}"]
    return {
        "vanilla": ["model=vanilla", *SMALL, *network],
        "perceptual": ["model=perceptual", *SMALL_GENERATOR, *network],
        "cyclegan": ["model=cyclegan", *SMALL],
        "cut": ["model=cut", *SMALL],
        "ast": ["model=ast", *SMALL],
        "adain": ["model=adain", *SMALL_OPPONENT, *network, *encoder, "model.generator_optimizer.lr=2e-4"],
    }


def train(typed: list[str], folder: Path) -> None:
    """One run, unless it is done."""
    status = folder / "status.json"
    if status.is_file() and json.loads(status.read_text())["state"] == "done":
        return
    arguments = ["trainer=cpu", "logger=csv", *typed, f"hydra.run.dir={folder}", "resume=auto"]
    command = [sys.executable, "-m", "stylegan_pl.train", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"})
    print(f"{folder.name}: {'done' if done.returncode == 0 else 'FAILED'}", file=sys.stderr, flush=True)
    if done.returncode != 0:
        raise RuntimeError(f"{done.stderr.strip().splitlines()[-1]}\n  stylegan_pl.train {' '.join(arguments)}")


def evaluate(folders: list[Path], typed: list[str], output: Path) -> dict[str, Any]:
    """All runs over the same photographs; the content of metrics.json."""
    names = ",".join(str(folder) for folder in folders)
    arguments = [f"compare=[{names}]", *typed, f"output={output}", "overwrite=true"]
    done = subprocess.run([sys.executable, "-m", "stylegan_pl.evaluate", *arguments])
    if done.returncode != 0:
        sys.exit(f"stylegan_pl.evaluate {' '.join(arguments)}")
    found: dict[str, Any] = json.loads((output / "metrics.json").read_text())
    return found


def rows_of(found: dict[str, Any], methods: list[str], out: Path) -> list[dict[str, Any]]:
    """A row a method: of each metric the mean over seeds, their range, and the middle seed's interval over pictures."""
    by_name = {entry["name"].split("/")[-1]: entry for entry in found["entries"]}
    rows = []
    for method in methods:
        entries = [entry for name, entry in sorted(by_name.items()) if name.rsplit("-", 1)[0] == method]
        statuses = [json.loads((out / entry["name"].split("/")[-1] / "status.json").read_text()) for entry in entries]
        scores: dict[str, Any] = {}
        for metric in entries[0]["scores"]:
            each = sorted((entry["scores"][metric] for entry in entries), key=lambda score: score["value"])
            values = [score["value"] for score in each]
            middle = each[len(each) // 2]
            scores[metric] = {
                "mean": statistics.mean(values), "seeds": [values[0], values[-1]], "interval": middle["interval"],
                **{key: middle[key] for key in _SAME},
            }  # fmt: skip
        rows.append({
            "method": method, "seeds": len(entries), "scores": scores,
            "images": statuses[0]["images_seen"], "seconds": statistics.median(s["seconds"] for s in statuses),
            "peak_memory_gib": max(s["peak_memory_gib"] for s in statuses),
        })  # fmt: skip
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: floor and ceiling first, then a method a row; `mean [lowest seed, highest seed]`."""
    metrics = rows[0]["scores"]
    arrows = {name: "↑" if score["higher_is_better"] else "↓" for name, score in metrics.items()}
    names = ["method", *(f"{name} {arrows[name]}" for name in metrics), "images", "seconds", "memory, GiB"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    for label, key in (("*photographs (floor)*", "floor"), ("*paintings (ceiling)*", "ceiling")):
        cells = [_number(score[key]) for score in metrics.values()]
        lines.append(f"| {' | '.join([label, *cells, '', '', ''])} |")
    for row in rows:
        cells = [f"`{row['method']}`"]
        for score in row["scores"].values():
            low, high = score["seeds"]
            cells.append(f"{_number(score['mean'])} [{_number(low)}, {_number(high)}]")
        cells += [f"{row['images']:,}", f"{row['seconds']:.0f}", f"{row['peak_memory_gib']:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def intervals(rows: list[dict[str, Any]]) -> str:
    """Markdown: 95 % bootstrap intervals over pictures, of each method's middle seed."""
    metrics = list(rows[0]["scores"])
    lines = [f"| method | {' | '.join(metrics)} |", "|---" * (len(metrics) + 1) + "|"]
    for row in rows:
        ends = [row["scores"][metric]["interval"] for metric in metrics]
        lines.append(f"| `{row['method']}` | {' | '.join(f'{_number(a)} to {_number(b)}' for a, b in ends)} |")
    return "\n".join(lines)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def _shrunk(picture: Path, target: Path, limit: int = 200_000) -> None:
    """A copy small enough to commit."""
    image = Image.open(picture).convert("RGB")
    for quality in range(90, 20, -5):
        image.save(target, quality=quality)
        if target.stat().st_size <= limit:
            return
    image.resize((image.width // 2, image.height // 2)).save(target, quality=80)


def sets_of(options: dict[str, str]) -> tuple[list[str], dict[str, list[str]], list[str]]:
    """The sets as they are typed for training, the methods for them, and by what they are judged."""
    vgg16, photographs, paintings = (options.pop(key, None) for key in ("vgg16", "photographs", "paintings"))
    if vgg16 is None:
        return [], METHODS, []
    sets = ["data=folders", f"data.content.root={photographs}", f"data.style.root={paintings}"]
    networks = [
        f"metric.{place}.{key}"
        for place in ("kid_vgg.features.network", "gram_distance.features")
        for key in ("architecture=vgg16", f"weights_path={vgg16}")
    ]
    content = ["feature_network@content_loss.features=vgg16", f"content_loss.features.weights_path={vgg16}"]
    metrics = "metric=[sliced_wasserstein,kid_vgg,gram_distance,palette,ssim]"
    return sets, methods_through_vgg(vgg16), [metrics, *networks, *content]


def write(rows: list[dict[str, Any]], into: Path, name: str, grid: Path) -> str:
    """`name`.md, .json and .jpg; returns the text of the first."""
    into.mkdir(parents=True, exist_ok=True)
    text = f"{table(rows)}\n\n95 % intervals over pictures, of each method's middle seed:\n\n{intervals(rows)}\n"
    (into / f"{name}.md").write_text(text)
    (into / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    _shrunk(grid, into / f"{name}.jpg")
    return text


def main() -> None:
    """Train, compare, write; the table, then JSON on the last line."""
    options = dict(argument.split("=", 1) for argument in sys.argv[1:])
    sets, methods, judged = sets_of(options)
    chosen = options.pop("methods", ",".join(methods)).strip("[]").split(",")
    if unknown := [method for method in chosen if method not in methods]:
        sys.exit(f"error: no method '{unknown[0]}'; there is {', '.join(methods)}")
    name, images, seeds = options.pop("name", "sample"), options.pop("images", "1000"), int(options.pop("seeds", "3"))
    out = Path(options.pop("out", f"outputs/leaderboard/{name}"))
    into = Path(options.pop("into", "experiments/leaderboard"))
    jobs = int(options.pop("jobs", str(os.cpu_count() or 1)))
    typed = [*sets, f"max_images={images}", f"val_every_images={images}"]
    typed += [f"{key}={value}" for key, value in options.items()]
    runs = [(method, seed, out / f"{method}-{seed}") for method in chosen for seed in range(seeds)]
    with ThreadPoolExecutor(jobs) as pool:
        trained = [
            pool.submit(train, ["+experiment=sample_methods", *methods[method], *typed, f"seed={seed}"], folder)
            for method, seed, folder in runs
        ]
        for run in trained:
            run.result()
    seen = sets or ["data=sample"]
    found = evaluate([folder for _, _, folder in runs], [*seen, *judged], out / "report")
    evaluate([out / f"{method}-0" for method in chosen], [*seen, "metric=[]", "resamples=0"], out / "pictures")
    rows = rows_of(found, chosen, out)
    print(f"{write(rows, into, name, out / 'pictures' / 'grid.png')}\n{json.dumps(rows)}")


if __name__ == "__main__":
    main()
