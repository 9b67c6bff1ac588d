"""The first hour on a GPU in one command: what a step costs in each precision, and a training with its picture.

    make gpu ARGS="photographs=FOLDER paintings=FOLDER"

Trains a few images, so that what cannot be trained here (no VGG-16, for one) is told in the first minute. Times
CycleGAN's step in float32, in bfloat16 and in bfloat16 compiled, each beside the same maths written plainly, in pairs,
with the peak of memory; then trains for twenty minutes, paints a photograph, and writes all of it to report.md.
Runs as well, and slowly, where there is no GPU. A training that was stopped goes on.

  photographs=FOLDER paintings=FOLDER           of the training; without both, the embedded sample
  model=cyclegan image_size=256 batch_size=16   the step that is timed
  repetitions=7                                 pairs of steps
  compile=true                                  false: leaves the compiled step out, which takes minutes to build
  recipe="+experiment=coco_vangogh a=b"         what is trained; words with spaces between them
  minutes=20                                    of training, without the start and validations
  picture=FILE                                  that is painted; else scikit-image's astronaut
  out=outputs/gpu

Any other argument is an override of the training.
"""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import skimage.data
from PIL import Image

from benchmarks.budget import images_in
from benchmarks.leaderboard import check_composes
from benchmarks.memory import cost_of_step
from benchmarks.pairs import last_line, machine
from benchmarks.steps import NO_DOWNLOADS, PLAIN
from benchmarks.typed import keyed

STEPS: dict[str, list[str]] = {
    "float32": ["precision=fp32"],
    "bfloat16": ["precision=bf16"],
    "bfloat16, compiled": ["precision=bf16", "model.mechanics.compile=true"],
}
"""What is timed, by its name in the report."""
_OPTIONS = {
    "photographs": "",
    "paintings": "",
    "model": "cyclegan",
    "image_size": "256",
    "batch_size": "16",
    "repetitions": "7",
    "compile": "true",
    "recipe": "+experiment=coco_vangogh",
    "minutes": "20",
    "picture": "",
    "out": "outputs/gpu",
}
_NUMBERS = ("image_size", "batch_size", "repetitions", "minutes")
_SHOWN = 512  # pixels, the shorter side of the picture in the report


def main() -> None:
    """Time, train, paint, report; the numbers as JSON on the last line."""
    given = keyed(sys.argv[1:], numbers=_NUMBERS, others=_OPTIONS, verb="train")
    options = _OPTIONS | {key: value for key, value in given.items() if key in _OPTIONS}
    typed = [f"{key}={value}" for key, value in given.items() if key not in _OPTIONS]
    if bool(options["photographs"]) != bool(options["paintings"]):
        sys.exit("error: photographs= and paintings= belong together; type both, or neither for the embedded sample")
    words = [*options["recipe"].split(), *sets(options), *typed]
    check_composes({"recipe": words})
    out = Path(options["out"])
    out.mkdir(parents=True, exist_ok=True)
    images = images_in(float(options["minutes"]), words, out / "trial", train)
    timed = [
        steps_row(name, [*changes, *_step(options)], options)
        for name, changes in STEPS.items()
        if _wanted(name, options)
    ]
    trained = training(options, words, images, out)
    report = out / "report.md"
    report.write_text(text_of(timed, trained, machine()), encoding="utf-8")
    print(report.read_text(encoding="utf-8"))
    last_line({"steps": timed, "training": trained, **machine()})


def _wanted(name: str, options: dict[str, str]) -> bool:
    return "compiled" not in name or options["compile"] == "true"


def _step(options: dict[str, str]) -> list[str]:
    return [f"{key}={options[key]}" for key in ("model", "image_size", "batch_size")]


def steps_row(name: str, overrides: list[str], options: dict[str, str]) -> dict[str, Any]:
    """One kind of step beside the plain one, in pairs, each in a process of its own."""
    print(f"timing {name}", file=sys.stderr, flush=True)
    found = _json_of("benchmarks.reference_step", *overrides, f"repetitions={options['repetitions']}")
    seconds = {step: statistics.median(all_) for step, all_ in found["seconds"].items()}
    pairs = int(options["batch_size"])
    return {
        "step": name,
        "pairs/s": round(pairs / seconds["ours"], 2),
        "reference pairs/s": round(pairs / seconds["reference"], 2),
        "seconds of reference's": found["ratio"],
        "peak GiB": round(cost_of_step([*NO_DOWNLOADS, *overrides]).gib, 2),
        "switches off GiB": round(cost_of_step([*NO_DOWNLOADS, *overrides, *PLAIN]).gib, 2),
    }


def sets(options: dict[str, str]) -> list[str]:
    """The words for the photographs and paintings of the training."""
    if not options["photographs"]:
        return ["data=sample"]
    named = (("content", "photographs"), ("style", "paintings"))
    return ["data=folders", *(f"data.{side}.root={options[key]}" for side, key in named)]


def training(options: dict[str, str], words: list[str], images: int, out: Path) -> dict[str, Any]:
    """As many images as fit into the minutes, and one picture painted."""
    run = out / "training"
    train([*words, f"max_images={images}", f"val_every_images={images}"], run)
    photograph = out / "photograph.png"
    picture = Image.open(options["picture"]) if options["picture"] else Image.fromarray(skimage.data.astronaut())
    scale = _SHOWN / min(picture.size)
    picture.convert("RGB").resize([round(scale * side) for side in picture.size]).save(photograph)
    painting = f"output={out / 'painting.png'}"
    _call("stylegan_pl.stylize", f"ckpt={run}", f"input={photograph}", painting, "overwrite=true")
    status = json.loads((run / "status.json").read_text(encoding="utf-8"))
    return {"typed": words, "images": images, "minutes": float(options["minutes"]), "state": status["state"]}


def train(typed: list[str], folder: Path) -> None:
    """One run, with its output; one that is done is left as it is."""
    status = folder / "status.json"
    if status.is_file() and json.loads(status.read_text(encoding="utf-8"))["state"] == "done":
        return
    _call("stylegan_pl.train", "logger=csv", *typed, f"hydra.run.dir={folder}", "resume=auto")


def text_of(timed: list[dict[str, Any]], trained: dict[str, Any], where: dict[str, Any]) -> str:
    """The report, Markdown."""
    columns = list(timed[0])
    lines = [
        "# The first hour",
        "",
        ", ".join(f"{key} {value}" for key, value in where.items()),
        "",
        f"| {' | '.join(columns)} |",
        f"|{'---|' * len(columns)}",
        *(f"| {' | '.join(str(row[key]) for key in columns)} |" for row in timed),
        "",
        f"Trained {trained['images']:,} images, {trained['minutes']:g} minutes: `{' '.join(trained['typed'])}`.",
        "",
        "![the photograph](photograph.png) ![painted](painting.png)",
        "",
        "Scores and grids: [training/report/live.html](training/report/live.html)",
    ]
    return "\n".join(lines) + "\n"


def _json_of(module: str, *arguments: str) -> dict[str, Any]:
    done = _call(module, *arguments, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def _call(module: str, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    done: subprocess.CompletedProcess[str] = subprocess.run(
        [sys.executable, "-m", module, *arguments], text=True, **options
    )
    if done.returncode != 0:
        sys.exit(f"error: this failed: python -m {module} {' '.join(arguments)}")
    return done


if __name__ == "__main__":
    main()
