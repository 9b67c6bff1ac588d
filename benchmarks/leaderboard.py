"""Every method at one budget, several seeds each, judged on the same photographs: experiments/leaderboard/.

`python -m benchmarks.leaderboard` trains on the embedded sample, two runs at a time, one thread each, then lets
`evaluate` compare all of them, and writes `sample.md`, `sample.json` and `sample.jpg` to `into`. What is typed for each
method stands in METHODS, for the board of the recipe in benchmarks/recipe.py. A run that is done already is not trained
again: the command can be stopped and repeated, but not with other words into the same `out`.

  images=1000 | minutes=60    the budget; minutes are turned into images by a short run of each method, timed alone
  seeds=3 methods=[cut,ast] jobs=2 threads=1 out=outputs/leaderboard/NAME into=experiments/leaderboard name=sample
  photographs=FOLDER paintings=FOLDER vgg16=FILE     other sets, looked at through that VGG-16; adds `adain`
  board=recipe recipe="+experiment=X a=b"            with these: the recipe, its variants, `cut`, `cyclegan` and
                                                     `adain` as published, `perceptual`, and `pixels`, optimised
                                                     directly; judged at 256 pixels
  published_seeds=1                                  of the last four, if not as many as of the others
  pairs=64 pixel_steps=100                           photographs that are judged; steps of `pixels`

Any other argument is an override of every run.
"""

import json
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from hydra import compose, initialize_config_dir
from PIL import Image

from benchmarks.budget import images_in
from benchmarks.recipe import PIXELS, PUBLISHED, RECIPE, recipe_and_kin
from benchmarks.typed import chosen_of, keep_words, keyed, told_in_a_line
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.verbs import register

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


_NUMBERS = ("images", "minutes", "seeds", "published_seeds", "jobs", "threads", "pairs", "pixel_steps")
_OTHERS = ("methods", "board", "recipe", "vgg16", "photographs", "paintings", "name", "out", "into")
_SAME = (
    "floor",
    "recoloured",
    "ceiling",
    "n",
    "n_paintings",
    "weights",
    "resize",
    "higher_is_better",
)  # for all seeds and methods


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


def train(typed: list[str], folder: Path, *, threads: int = 1) -> None:
    """One run, unless it is done.

    Raises:
        RuntimeError: it failed; the last line that it said, and what was typed.
        SystemExit: the folder has a run of other words.
    """
    keep_words([*typed, f"threads={threads}"], folder)
    status = folder / "status.json"
    if status.is_file() and json.loads(status.read_text())["state"] == "done":
        return
    arguments = ["trainer=cpu", "logger=csv", *typed, f"hydra.run.dir={folder}", "resume=auto"]
    command = [sys.executable, "-m", "stylegan_pl.train", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": str(threads)})
    print(f"{folder.name}: {'done' if done.returncode == 0 else 'FAILED'}", file=sys.stderr, flush=True)
    if done.returncode != 0:
        raise RuntimeError(f"{done.stderr.strip().splitlines()[-1]}\n  stylegan_pl.train {' '.join(arguments)}")


def train_all(runs: list[tuple[list[str], Path]], jobs: int, threads: int = 1) -> None:
    """Runs, what is typed and the folder of each, `jobs` at a time; other words are refused before any of them."""
    for typed, folder in runs:
        keep_words([*typed, f"threads={threads}"], folder)
    with ThreadPoolExecutor(jobs) as pool:
        for run in [pool.submit(train, typed, folder, threads=threads) for typed, folder in runs]:
            run.result()


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
    """A row a method: of each metric the mean over seeds, their range, and the middle seed's interval over pictures.

    Pictures without a run, those of pixels optimised directly, have no images seen, time and memory.
    """
    by_name = {entry["name"].split("/")[-1]: entry for entry in found["entries"]}
    rows = []
    for method in methods:
        entries = [entry for name, entry in sorted(by_name.items()) if name.rsplit("-", 1)[0] == method]
        files = [out / entry["name"].split("/")[-1] / "status.json" for entry in entries]
        statuses = [json.loads(file.read_text()) for file in files if file.is_file()]
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
            "images": statuses[0]["images_seen"] if statuses else None,
            "seconds": statistics.median(s["seconds"] for s in statuses) if statuses else None,
            "peak_memory_gib": max((s["peak_memory_gib"] for s in statuses), default=None),
        })  # fmt: skip
    return rows


def table(rows: list[dict[str, Any]]) -> str:
    """Markdown: floors and ceiling first, then a method a row; `mean [lowest seed, highest seed]`."""
    metrics = rows[0]["scores"]
    arrows = {name: "↑" if score["higher_is_better"] else "↓" for name, score in metrics.items()}
    names = ["method", *(f"{name} {arrows[name]}" for name in metrics), "images", "seconds", "memory, GiB"]
    lines = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    anchors = (("*photographs (floor)*", "floor"), ("*photographs recoloured*", "recoloured"))
    for label, key in (*anchors, ("*paintings (ceiling)*", "ceiling")):
        cells = [_number(score[key]) for score in metrics.values()]
        lines.append(f"| {' | '.join([label, *cells, '', '', ''])} |")
    for row in rows:
        cells = [f"`{row['method']}`"]
        for score in row["scores"].values():
            low, high = score["seeds"]
            cells.append(f"{_number(score['mean'])} [{_number(low)}, {_number(high)}]")
        facts = (("images", ",.0f"), ("seconds", ".0f"), ("peak_memory_gib", ".2f"))
        cells += ["–" if row[fact] is None else format(row[fact], digits) for fact, digits in facts]
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


def shrunk(picture: Path, target: Path, limit: int = 200_000) -> None:
    """A copy small enough to commit."""
    image = Image.open(picture).convert("RGB")
    for quality in range(90, 20, -5):
        image.save(target, quality=quality)
        if target.stat().st_size <= limit:
            return
    image.resize((image.width // 2, image.height // 2)).save(target, quality=80)


class Board(NamedTuple):
    """What is compared, and how it is judged."""

    methods: dict[str, list[str]]  # row -> what is typed
    common: list[str]  # before that, for every row
    folders: list[str]  # as they are typed for training and for judging; none: each row's own
    judged: list[str]  # as it is typed for `evaluate`


def board_of(options: dict[str, str]) -> Board:
    """Takes its own options out.

    Raises:
        SystemExit: they do not go together.
    """
    vgg16, photographs, paintings = (options.pop(key, None) for key in ("vgg16", "photographs", "paintings"))
    kind, recipe = options.pop("board", "methods"), options.pop("recipe", " ".join(RECIPE)).split()
    if kind not in ("methods", "recipe"):
        sys.exit(f"error: board={kind}; there is methods, recipe")
    if vgg16 is None:
        if kind == "recipe":
            sys.exit("error: board=recipe judges through VGG-16; type vgg16=FILE photographs=FOLDER paintings=FOLDER")
        return Board(METHODS, ["+experiment=sample_methods"], [], [])
    folders = [f"data.content.root={photographs}", f"data.style.root={paintings}"]
    content = ["feature_network@content_loss.features=vgg16", f"content_loss.features.weights_path={vgg16}"]
    if kind == "recipe":
        names = ["probe", "nearest_painting", "style_distance"]
        networks = [f"metric.{name}.features.network.weights_path={vgg16}" for name in names]
        metrics = f"metric=[{','.join(names)},sliced_wasserstein,palette,ssim]"
        return Board(recipe_and_kin(recipe, vgg16), [], folders, [metrics, *networks, *content, "image_size=256"])
    networks = [
        f"metric.{place}.{key}"
        for place in ("kid_vgg.features.network", "gram_distance.features")
        for key in ("architecture=vgg16", f"weights_path={vgg16}")
    ]
    metrics = "metric=[sliced_wasserstein,kid_vgg,gram_distance,palette,ssim]"
    common = ["+experiment=sample_methods", "data=folders"]
    return Board(methods_through_vgg(vgg16), common, folders, [metrics, *networks, *content])


def check_composes(rows: dict[str, list[str]]) -> None:
    """Compose each row's config: a key that is not there is told before hours are spent.

    Raises:
        SystemExit: one does not; which, and why.
    """
    register()
    for name, typed in rows.items():
        with told_in_a_line(name), initialize_config_dir(str(conf_dir()), version_base="1.3"):
            compose("train", overrides=typed)


def write(rows: list[dict[str, Any]], into: Path, name: str, grid: Path) -> str:
    """`name`.md, .json and .jpg; returns the text of the first."""
    into.mkdir(parents=True, exist_ok=True)
    text = f"{table(rows)}\n\n95 % intervals over pictures, of each method's middle seed:\n\n{intervals(rows)}\n"
    (into / f"{name}.md").write_text(text)
    (into / f"{name}.json").write_text(json.dumps(rows, indent=1) + "\n")
    shrunk(grid, into / f"{name}.jpg")
    return text


def main() -> None:
    """Train, compare, write; the table, then JSON on the last line."""
    options = keyed(sys.argv[1:], numbers=_NUMBERS, others=_OTHERS, verb="train")
    board = board_of(options)
    rows = {name: [*board.common, *typed, *board.folders] for name, typed in board.methods.items()}
    every = [*rows, PIXELS] if "recipe" in rows else [*rows]
    chosen = chosen_of(options.pop("methods", ",".join(every)), every, "methods")
    name, seeds = options.pop("name", "sample"), int(options.pop("seeds", "3"))
    published_seeds = int(options.pop("published_seeds", str(seeds)))
    minutes, images = options.pop("minutes", None), options.pop("images", None)
    if minutes is not None and images is not None:
        sys.exit("error: images= and minutes= are two budgets; type one of the two")
    out = Path(options.pop("out", f"outputs/leaderboard/{name}"))
    into = Path(options.pop("into", "experiments/leaderboard"))
    jobs, threads = int(options.pop("jobs", str(os.cpu_count() or 1))), int(options.pop("threads", "1"))
    pairs, pixel_steps = options.pop("pairs", "500"), options.pop("pixel_steps", "100")
    typed = [f"{key}={value}" for key, value in options.items()]
    trained = {method: [*rows[method], *typed] for method in chosen if method != PIXELS}
    check_composes(trained)
    fit = partial(train, threads=threads)
    budgets = {
        # one after the other: beside another run each would be slower than alone
        method: int(images or 1000)
        if minutes is None
        else images_in(float(minutes), words, out / f"timed-{method}", fit)
        for method, words in trained.items()
    }
    runs = [
        (
            [*words, f"max_images={budgets[method]}", f"val_every_images={budgets[method]}", f"seed={seed}"],
            out / f"{method}-{seed}",
        )
        for method, words in trained.items()
        for seed in range(published_seeds if "recipe" in rows and method in PUBLISHED else seeds)
    ]
    folders = [folder for _, folder in runs]
    if PIXELS in chosen:  # first: losses that need a generator are told before hours are spent
        folders.append(out / f"{PIXELS}-0")
        command = [sys.executable, "-m", "benchmarks.pixels", f"out={folders[-1]}", f"steps={pixel_steps}"]
        painted = subprocess.run([*command, f"pairs={pairs}", *rows["recipe"], "image_size=256", *typed])
        if painted.returncode != 0:  # it has said why
            sys.exit(painted.returncode)
    train_all(runs, jobs, threads)
    seen = ["data=sample" if not board.folders else "data=folders", *board.folders, f"pairs={pairs}"]
    found = evaluate(folders, [*seen, *board.judged], out / "report")
    shown = [out / f"{method}-0" for method in chosen]
    evaluate(shown, [*seen, "metric=[]", "resamples=0", *_size(board.judged)], out / "pictures")
    made = rows_of(found, chosen, out)
    print(f"{write(made, into, name, out / 'pictures' / 'grid.png')}\n{json.dumps(made)}")


def _size(judged: list[str]) -> list[str]:
    return [word for word in judged if word.startswith("image_size=")]


if __name__ == "__main__":
    main()
