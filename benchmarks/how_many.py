"""How many paintings, and how many minutes: what a painter of one's own looks like after each, as a table.

    python -m benchmarks.how_many photographs=FOLDER paintings=FOLDER [vgg16=FILE]

Trains the recipe on 1, 5, 20, 100 and 300 paintings for 10, 30, 60 and 180 minutes, one cell after the other on two
threads, and judges each on the same held-out photographs against *all* the paintings, at 256 pixels. Writes
how_many.md and how_many.jpg after every cell, of the cells that are there; of a page that is there, the part between
its two comments, so that what stands beside them stays. A cell that is done is not trained again,
one that was stopped goes on: the command can be repeated, and told a part of the table, but no other words.

  n=[1,5,20,100,300] minutes=[10,30,60,180]     the part of the table that is run now
  recipe="+experiment=my_painter a=b"           what is trained; words with spaces between them
  vgg16=FILE                                    looked through in judging; without it random filters are
  picture=FILE                                  that is painted in every cell; else scikit-image's astronaut
  pairs=32                                      photographs that are judged
  threads=2 seed=0                              the seed also chooses the paintings: the five are among the twenty
  out=outputs/how_many into=docs                runs; the page

Any other argument is an override of every run.
"""

import json
import random
import shlex
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import skimage.data
from PIL import Image, ImageDraw, ImageFont

from benchmarks.budget import images_in
from benchmarks.leaderboard import check_composes, evaluate, shrunk, train
from benchmarks.pairs import machine
from benchmarks.typed import keep_words, keyed
from stylegan_pl.data.folder import ImageFolder

_OTHERS = ("photographs", "paintings", "recipe", "vgg16", "picture", "out", "into")  # options that are no numbers
THROUGH_NETWORK = ("probe", "nearest_painting", "style_distance")
METRICS = (*THROUGH_NETWORK, "ssim")
_CELL = 240  # pixels, side of a picture in the sheet
_EDGE = 90  # pixels, for the labels
_WITHIN = 200_000  # bytes of the sheet
_TITLE = "# How many paintings, how many minutes\n\n"
_BEGIN, _END = "<!-- made by benchmarks.how_many -->\n", "<!-- end -->\n"


class Table(NamedTuple):
    """What every cell has in common."""

    photographs: Path
    paintings: Path
    recipe: list[str]  # typed for every run
    judged: list[str]  # typed for every judgement
    picture: Path
    out: Path
    said: str  # the command's words, without this machine's folders
    seed: int
    threads: int


class Cell(NamedTuple):
    """A place in the table."""

    paintings: int
    minutes: float

    def folder(self, out: Path) -> Path:
        """Of its run."""
        return out / f"{self.paintings:03d}-paintings-{self.minutes:03g}-minutes"


def links(paintings: Path, count: int, seed: int, into: Path) -> Path:
    """A folder with links to `count` training paintings, those of every smaller count among them.

    A single painting is there twice, since a set has two files at least.

    Raises:
        SystemExit: there are fewer.
    """
    files = ImageFolder(root=str(paintings)).files("train")
    if count > len(files):
        sys.exit(f"error: n={count}: there are {len(files)} paintings below {paintings}; type a smaller n=[…]")
    random.Random(seed).shuffle(files)
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    for at, file in enumerate(files[:count] if count > 1 else files[:1] * 2):
        (into / f"{at:03d}{file.suffix}").symlink_to(file.resolve())
    return into


def fill(cell: Cell, table: Table) -> None:
    """Train, judge and paint one cell, unless it is done; its folder then has cell.json and picture.png."""
    folder = cell.folder(table.out)
    if (folder / "cell.json").is_file():
        return
    few = links(table.paintings, cell.paintings, table.seed, folder / "paintings")
    typed = [*table.recipe, f"data.style.root={few.resolve()}", "data.style.held_out=0", f"seed={table.seed}"]
    fit = partial(train, threads=table.threads)
    budget = folder / "images.txt"  # a run that goes on has the budget that it began with
    if not budget.is_file():
        budget.write_text(f"{images_in(cell.minutes, typed, folder / 'timed', fit)}\n")
    images = int(budget.read_text())
    fit([*typed, f"max_images={images}", f"val_every_images={images}", "metric=[]"], folder / "run")
    found = evaluate([folder / "run"], table.judged, folder / "report")
    painted = [f"ckpt={folder / 'run'}", f"input={table.picture}", f"output={folder / 'picture.png'}", "overwrite=true"]
    subprocess.run([sys.executable, "-m", "stylegan_pl.stylize", *painted], check=True)
    scores, status = found["entries"][0]["scores"], json.loads((folder / "run/status.json").read_text())
    told = {"images": images, "seconds": status["seconds"], "scores": {name: scores[name] for name in METRICS}}
    (folder / "cell.json").write_text(json.dumps(told, indent=1) + "\n")


def found_in(out: Path) -> dict[Cell, dict[str, Any]]:
    """The cells that are done."""
    cells = {}
    for file in sorted(out.glob("*-paintings-*-minutes/cell.json")):
        count, _, minutes, _ = file.parent.name.split("-")
        cells[Cell(int(count), float(minutes))] = json.loads(file.read_text())
    return cells


def page(cells: dict[Cell, dict[str, Any]], table: Table) -> str:
    """Markdown: a table a metric, paintings down and minutes across; a dash where no cell is."""
    counts, minutes = (sorted({cell[at] for cell in cells}) for at in (0, 1))
    first = next(iter(cells.values()))["scores"]
    n = first["ssim"]["n"]
    lines = [
        f"A painter trained on so many paintings for so many minutes on {_counted(table.threads)}, validations and "
        f"the program's start not counted. Each is judged on the same {n} held-out photographs against all the "
        "paintings, also those it never saw, at 256 pixels; what a score says is in [metrics.md](metrics.md). In "
        "brackets: 95 % over photographs. One seed.",
        "",
        "![down: paintings; across: minutes; first the photograph](how_many.jpg)",
    ]
    for name in METRICS:
        score = first[name]
        arrow = "↑" if score["higher_is_better"] else "↓"
        anchors = f"photographs {_short(score['floor'])}, recoloured {_short(score['recoloured'])}"
        lines += ["", f"## {name} {arrow}", "", f"{anchors}, paintings {_short(score['ceiling'])}.", ""]
        lines += [f"| paintings | {' | '.join(f'{m:g} min' for m in minutes)} |", "|---" * (len(minutes) + 1) + "|"]
        for count in counts:
            row = (_cell(cells.get(Cell(count, m)), name) for m in minutes)
            lines.append(f"| {count} | {' | '.join(row)} |")
    known = machine()
    part = f'"n=[{",".join(map(str, counts))}]" "minutes=[{",".join(f"{m:g}" for m in minutes)}]"'
    lines += ["", "## What was run", "", "```", f"python -m benchmarks.how_many {part} {table.said}", "```", ""]
    lines += [f"{known['device']}, torch {known['torch']}. Images seen:", ""]
    lines += [f"| paintings | {' | '.join(f'{m:g} min' for m in minutes)} |", "|---" * (len(minutes) + 1) + "|"]
    for count in counts:
        seen = (cells.get(Cell(count, m)) for m in minutes)
        lines.append(f"| {count} | {' | '.join('–' if one is None else format(one['images'], ',') for one in seen)} |")
    return "\n".join(lines) + "\n"


def _counted(threads: int) -> str:
    return f"{threads} CPU thread{'s' * (threads != 1)}"


def _cell(cell: dict[str, Any] | None, metric: str) -> str:
    if cell is None:
        return "–"
    score = cell["scores"][metric]
    ends = "" if score["interval"] is None else f" [{', '.join(map(_short, score['interval']))}]"
    return f"{_short(score['value'])}{ends}"


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def sheet(cells: dict[Cell, dict[str, Any]], table: Table) -> Image.Image:
    """Every cell's painting of the one picture, paintings down and minutes across, the photograph in the corner."""
    counts, minutes = (sorted({cell[at] for cell in cells}) for at in (0, 1))
    image = Image.new("RGB", (_EDGE + _CELL * len(minutes), _EDGE + _CELL * len(counts)), (255, 255, 255))
    draw, font = ImageDraw.Draw(image), ImageFont.load_default(size=20)
    image.paste(_square(table.picture, _EDGE - 6), (0, 0))
    for x, m in enumerate(minutes):
        draw.text((_EDGE + x * _CELL + 8, _EDGE - 30), f"{m:g} min", fill=(0, 0, 0), font=font)
    for y, count in enumerate(counts):
        draw.text((8, _EDGE + y * _CELL + 8), str(count), fill=(0, 0, 0), font=font)
        for x, m in enumerate(minutes):
            if Cell(count, m) in cells:
                picture = Cell(count, m).folder(table.out) / "picture.png"
                image.paste(_square(picture, _CELL - 4), (_EDGE + x * _CELL, _EDGE + y * _CELL))
    return image


def _square(path: Path, side: int) -> Image.Image:
    image = Image.open(path).convert("RGB")
    edge = min(image.size)
    left, top = (image.width - edge) // 2, (image.height - edge) // 2
    return image.crop((left, top, left + edge, top + edge)).resize((side, side), Image.Resampling.LANCZOS)


def beside(page: Path) -> tuple[str, str]:
    """What stands before and after the part that is written here; of a page that is not there, its title.

    Raises:
        SystemExit: the page is without such a part.
    """
    if not page.is_file():
        return _TITLE, ""
    before, began, rest = page.read_text().partition(_BEGIN)
    _, ended, after = rest.partition(_END)
    if not (began and ended):
        sys.exit(
            f"error: {page} is there, without the lines '{_BEGIN.strip()}' and '{_END.strip()}'; type another into="
        )
    return before, after


def write(table: Table, into: Path) -> str:
    """The page and the sheet, of the cells that are done; returns the text."""
    cells = found_in(table.out)
    text = page(cells, table)
    into.mkdir(parents=True, exist_ok=True)
    before, after = beside(into / "how_many.md")
    (into / "how_many.md").write_text(before + _BEGIN + text + _END + after)
    sheet(cells, table).save(table.out / "how_many.png")
    shrunk(table.out / "how_many.png", into / "how_many.jpg", _WITHIN)
    return text


def table_of(options: dict[str, str]) -> Table:
    """Takes its own options out; what is left is typed for every run.

    Raises:
        SystemExit: a folder is not named, or `out` has cells of other words.
    """
    if "photographs" not in options or "paintings" not in options:
        sys.exit("error: type photographs=FOLDER paintings=FOLDER")
    photographs, paintings = (Path(options.pop(key)).resolve() for key in ("photographs", "paintings"))
    recipe, vgg16 = options.pop("recipe", "+experiment=my_painter"), options.pop("vgg16", None)
    said = f'photographs=PHOTOS paintings=PAINTINGS recipe="{recipe}"' + (" vgg16=FILE" if vgg16 else "")
    said += " picture=FILE" if "picture" in options else ""
    content = f"data.content.root={photographs}"
    places = [f"metric.{name}.features.network" for name in THROUGH_NETWORK]
    looked = [
        f"feature_network@{at}=random_filters" if vgg16 is None else f"{at}.weights_path={vgg16}" for at in places
    ]
    out, given = Path(options.pop("out", "outputs/how_many")), options.pop("picture", None)
    pairs, seed, threads = (
        options.pop(key, usual) for key, usual in (("pairs", "32"), ("seed", "0"), ("threads", "2"))
    )
    typed = [f"{key}={value}" for key, value in options.items()]
    trained = [*recipe.split(), content, *typed]
    judged = [
        "data=folders", content, f"data.style.root={paintings}", "image_size=256", f"pairs={pairs}",
        f"metric=[{','.join(METRICS)}]", *looked,
    ]  # fmt: skip
    keep_words([*trained, *judged, f"picture={given}", f"seed={seed}", f"threads={threads}"], out)
    out.mkdir(parents=True, exist_ok=True)
    return Table(
        photographs,
        paintings,
        recipe=trained,
        judged=judged,
        picture=_astronaut(out / "photograph.png") if given is None else Path(given),
        out=out,
        said=f"{said} pairs={pairs} seed={seed} threads={threads} {shlex.join(typed)}".rstrip(),
        seed=int(seed),
        threads=int(threads),
    )


def _astronaut(path: Path) -> Path:
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


def main() -> None:
    """Cell after cell; the page after each, and on the last line the JSON of all cells."""
    options = keyed(sys.argv[1:], numbers=("n", "minutes", "pairs", "threads", "seed"), others=_OTHERS, verb="train")
    counts = [int(n) for n in options.pop("n", "1,5,20,100,300").strip("[]").split(",")]
    minutes = [float(m) for m in options.pop("minutes", "10,30,60,180").strip("[]").split(",")]
    into = Path(options.pop("into", "docs"))
    beside(into / "how_many.md")  # a page that is not to be replaced is told before hours are spent
    table = table_of(options)
    check_composes({"recipe": table.recipe})
    for m in sorted(minutes):  # the short ones first: soon there is something to look at
        for count in counts:
            try:
                fill(Cell(count, m), table)
            except RuntimeError as error:
                sys.exit(f"error: {count} paintings, {m:g} minutes: {error}")
            text = write(table, into)
    print(f"{text}\n{json.dumps({str(tuple(cell)): told for cell, told in found_in(table.out).items()})}")


if __name__ == "__main__":
    main()
