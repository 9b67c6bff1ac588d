"""One painter of the box, made again by one command: its pairs rendered if it needs any, trained, exported with a card.

    python -m experiments.painters.make NAME photographs=FOLDER [paintings=FILE_OR_FOLDER] [vgg16=FILE]
        [OVERRIDE …]

NAME is one of those that `python -m experiments.painters.make` lists. Runs land in outputs/painters/NAME; a run that
was stopped goes on. Any other argument is an override of every stage's training.
"""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from stylegan_pl.data.sources.renderers.cartoon import Cartoon
from stylegan_pl.data.sources.renderers.noir import FilmNoir
from stylegan_pl.data.sources.renderers.oil import OilPainting
from stylegan_pl.data.sources.renderers.renderer import Renderer
from stylegan_pl.data.splits import list_images
from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.write import write_image

OUTPUTS = Path("outputs/painters")
PAIRED_SIDE = 256  # pixels of the shorter side that pairs are rendered at
WORDS = ("photographs", "paintings", "vgg16")
PAIRS = 800  # at most, evenly through the photographs


class Recipe(NamedTuple):
    """How one painter came to be."""

    about: str
    stages: tuple[list[str], ...]  # overrides of a training each, which starts from the one before
    renderer: Renderer | None = None  # draws the pairs; None: paintings=… are the style set
    looks: bool = True  # through a feature network


FEW = ["max_images=400", "val_every_images=400"]  # strokes are known already
SHORT = ["max_images=300", "val_every_images=300"]
PAIRED = "+experiment=rendered_pairs"
TEXTURED = [  # strokes cannot be foreseen pixel by pixel: their covariances can be learned
    PAIRED,
    *["generator@model.generator=brush", "model.generator.width=16", "~model.generator.dilations"],
    *["feature_network=vgg_or_random", "image_loss=[relative_style]", "image_loss.relative_style.rooted=false"],
    "image_loss.relative_style.pooled=0.03",
]
COLLECTION = "+experiment=my_painter"
MANY = ["augment=channels", "image_loss.structure.allowed=0.24"]  # photographs: their own light, not a random one
ONE = "+experiment=one_painting"
RECIPES = {
    "starry_night": Recipe(
        "Vincent van Gogh, The Starry Night (1889): swirls and dashes in blue and yellow",
        ([ONE, "start_from=null", "max_images=1000", "val_every_images=500"],),
    ),
    "hokusai": Recipe(
        "Katsushika Hokusai, The Great Wave off Kanagawa (about 1831): a woodblock print",
        ([ONE, "start_from=painter:starry_night", "max_images=1250", "val_every_images=625"],),
    ),
    "renoir": Recipe(
        "Pierre-Auguste Renoir, Bal du moulin de la Galette (1876): soft dappled light",
        ([ONE, "start_from=painter:starry_night", *FEW],),
    ),
    "vangogh": Recipe(
        "Vincent van Gogh, about 300 paintings: strokes along contours, golden, blue and green",
        (
            [COLLECTION, *MANY, "start_from=null", "max_images=4200", "val_every_images=700"],
            [COLLECTION, *MANY, "image_loss.relative_palette.weight=8", "max_images=5000", "val_every_images=1000"],
        ),
        looks=False,
    ),
    "cartoon": Recipe(
        "A cartoon: smooth areas in few tones, saturated, under ink lines",
        ([PAIRED, "max_images=2400", "val_every_images=2400"],),
        Cartoon(),
        looks=False,
    ),
    "film_noir": Recipe(
        "Black-and-white film: hard contrast, glowing lights",
        ([PAIRED, "model.generator.grey=true", "max_images=1600", "val_every_images=1600"],),
        FilmNoir(),
        looks=False,
    ),
    "oil": Recipe(
        "An oil painting in the photograph's own colours: strokes along its contours",
        (
            [*TEXTURED, "start_from=painter:starry_night", "model.l1_weight=12", *SHORT],
            [*TEXTURED, "model.l1_weight=60", *SHORT],  # brings the photograph's colours back
        ),
        OilPainting(),
    ),
}


def main(arguments: list[str]) -> int:
    """Render, train, export."""
    if not arguments or arguments[0] not in RECIPES:
        print(__doc__, *(f"  {name:13} {recipe.about}" for name, recipe in RECIPES.items()), sep="\n")
        return 0 if not arguments else 2
    name, *typed = arguments
    recipe = RECIPES[name]
    named = dict(word.split("=", 1) for word in typed if word.split("=", 1)[0] in WORDS)
    needed = ["photographs"] if recipe.renderer else ["photographs", "paintings"]
    if missing := [word for word in needed if word not in named]:
        print(f"error: {name} is made from {' and '.join(needed)}; type {missing[0]}=FOLDER", file=sys.stderr)
        return 2
    overrides, shared = [word for word in typed if word.split("=", 1)[0] not in named], []
    if recipe.renderer:
        pairs = rendered(recipe.renderer, Path(named["photographs"]), OUTPUTS / "pairs" / name)
        shared.append(f"data_root={pairs}")
    else:
        shared += [f"data.content.root={named['photographs']}", f"data.style.root={named['paintings']}"]
    if recipe.looks and "vgg16" in named:
        shared.append(f"feature_network.weights_path={named['vgg16']}")
    runs: list[Path] = []
    for stage in recipe.stages:
        before = [f"start_from={runs[-1]}"] if runs else []
        runs.append(OUTPUTS / name / f"stage{len(runs) + 1}")
        call("train", *shared, *stage, *overrides, *before, f"hydra.run.dir={runs[-1]}", "resume=auto")
    said = shlex.join(["python", "-m", "experiments.painters.make", name, *(f"{key}=…" for key in named), *overrides])
    card = [f"about={recipe.about}", f"command={said}", "licence=MIT"]
    file = f"output={OUTPUTS / name}.safetensors"
    call("export", f"ckpt={runs[-1]}", "format=safetensors", "half=true", file, "overwrite=true", *card)
    return 0


def rendered(renderer: Renderer, photographs: Path, into: Path) -> Path:
    """`into`/content and `into`/style, pictures of one name being a photograph and what the renderer made of it.

    Pairs that are there are kept, unless they are of other photographs.
    """
    files = list_images(photographs)
    chosen = files if len(files) <= PAIRS else [files[at * len(files) // PAIRS] for at in range(PAIRS)]
    listed = "".join(f"{path.resolve()}\n" for path in chosen)
    if not (into / "photographs.txt").is_file() or (into / "photographs.txt").read_text() != listed:
        shutil.rmtree(into, ignore_errors=True)
    (into / "content").mkdir(parents=True, exist_ok=True)
    (into / "style").mkdir(exist_ok=True)
    (into / "photographs.txt").write_text(listed)
    for number, path in enumerate(chosen):
        pair = [into / part / f"{number:04d}.png" for part in ("content", "style")]
        if pair[1].is_file():
            continue
        photo = _of_side(read_image(path).convert("RGB"))
        write_image(photo, pair[0])
        write_image(Image.fromarray(renderer(np.asarray(photo), seed=number)), pair[1])
    return into


def _of_side(photo: Image.Image) -> Image.Image:
    scale = PAIRED_SIDE / min(photo.size)
    return photo.resize([round(scale * length) for length in photo.size], Image.Resampling.LANCZOS)


def call(verb: str, *typed: str) -> None:
    """One of the program's verbs; its failure, which it has told, is ours."""
    if code := subprocess.run([sys.executable, "-m", f"stylegan_pl.{verb}", *typed]).returncode:
        sys.exit(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
