"""The leaderboard and the table of paintings and minutes: budgets, what is resumed, and what is written."""

import json
import sys
from pathlib import Path

import pytest
from conftest import SMALL
from images_on_disk import write_images
from PIL import Image

from benchmarks import how_many, leaderboard, pixels
from benchmarks.budget import images_in
from benchmarks.how_many import Cell, Table, fill, found_in, links, page, sheet, table_of
from benchmarks.leaderboard import board_of, check_composes, rows_of, table
from benchmarks.recipe import RECIPE, WITHOUT, recipe_and_kin


def test_minutes_become_the_images_that_a_short_run_would_see_in_them(tmp_path) -> None:
    asked = []

    def train(typed: list[str], folder: Path) -> None:
        asked.extend(typed)
        folder.mkdir()
        rates = [0.1, 0.2, "", 4.0, 8.0, 6.0]  # the start is slow, and validation rows have no rate
        rows = "\n".join(f"{2 * at},{rate}" for at, rate in enumerate(rates))
        (folder / "metrics.csv").write_text(f"images_seen,train/images_per_second\n{rows}\n")

    assert images_in(2, ["model=cut"], tmp_path / "timed", train) == 2 * 60 * 6
    assert asked[0] == "model=cut" and "max_images=64" in asked


@pytest.fixture
def paintings(tmp_path) -> Path:
    write_images(tmp_path / "paintings/train", 6, hue=2, seed=1)
    write_images(tmp_path / "paintings/val", 2, hue=2, seed=2)
    return tmp_path / "paintings"


def test_fewer_paintings_are_among_more_and_none_is_held_out(paintings, tmp_path) -> None:
    chosen = [{link.resolve() for link in links(paintings, n, 0, tmp_path / f"{n}").iterdir()} for n in (1, 3, 6)]
    assert [len(files) for files in chosen] == [1, 3, 6]
    assert chosen[0] < chosen[1] < chosen[2]
    assert all(file.parent.name == "train" for file in chosen[2])
    assert len(list((tmp_path / "1").iterdir())) == 2  # the one, twice
    with pytest.raises(SystemExit, match="n=7: there are 6 paintings"):
        links(paintings, 7, 0, tmp_path / "7")


def score(value: float, **other) -> dict:
    known = {"floor": 0.1, "recoloured": 0.2, "ceiling": 0.9, "interval": [value - 0.05, value + 0.05], "n": 4}
    return {"value": value, "higher_is_better": True, **known, **other}


def done(out: Path, cell: Cell, value: float) -> None:
    folder = cell.folder(out)
    folder.mkdir(parents=True)
    scores = {name: score(value) for name in how_many.METRICS}
    (folder / "cell.json").write_text(json.dumps({"images": 1234, "seconds": 60.0, "scores": scores}))
    Image.new("RGB", (30, 20), (200, 0, 0)).save(folder / "picture.png")


@pytest.fixture
def filled(tmp_path, paintings) -> Table:
    options = {"photographs": str(tmp_path), "paintings": str(paintings), "out": str(tmp_path / "out"), "seed": "3"}
    made = table_of({**options, "image_size": "128", "recipe": "+experiment=sample model.generator.width=8"})
    for cell, value in ((Cell(1, 10), 0.25), (Cell(20, 10), 0.5), (Cell(20, 60), 0.75)):
        done(made.out, cell, value)
    return made


def test_the_page_has_the_cells_that_are_there_and_no_folder_of_this_machine(filled, tmp_path) -> None:
    text = page(found_in(filled.out), filled)
    assert "| paintings | 10 min | 60 min |" in text
    assert "| 1 | 0.25 [0.2, 0.3] | – |" in text
    assert "| 20 | 0.5 [0.45, 0.55] | 0.75 [0.7, 0.8] |" in text
    assert "photographs 0.1, recoloured 0.2, paintings 0.9." in text
    assert "| 20 | 1,234 | 1,234 |" in text
    assert (
        'how_many "n=[1,20]" "minutes=[10,60]" photographs=PHOTOS paintings=PAINTINGS '
        'recipe="+experiment=sample model.generator.width=8" pairs=32 seed=3 threads=2 image_size=128\n'
    ) in text
    assert str(tmp_path) not in text
    picture = sheet(found_in(filled.out), filled)
    assert picture.getpixel((picture.width - 20, picture.height - 20)) == (200, 0, 0)
    assert picture.getpixel((picture.width - 20, 120)) == (255, 255, 255)  # one painting, an hour: not there


def test_what_stands_beside_the_tables_is_kept_and_a_page_of_another_kind_refused(filled, tmp_path) -> None:
    page, docs = tmp_path / "docs/how_many.md", tmp_path / "docs"
    how_many.write(filled, docs)
    assert page.read_text().startswith("# How many paintings, how many minutes\n\n<!-- made by")
    page.write_text("# Mine\n\n" + page.read_text().replace("| 0.25 [", "| 0.99 [") + "\n## By hand\n")
    how_many.write(filled, docs)
    text = page.read_text()
    assert text.startswith("# Mine\n\n") and text.endswith("<!-- end -->\n\n## By hand\n") and "0.99 [" not in text
    page.write_text("# Mine\n")
    with pytest.raises(SystemExit, match=r"how_many.md is there, without the lines '<!-- made by benchmarks.how_many"):
        how_many.write(filled, docs)


def test_the_page_in_the_docs_can_be_continued_beside_what_was_written_by_hand() -> None:
    before, after = how_many.beside(Path(__file__).parents[2] / "docs/how_many.md")
    assert "What these cells say" in before and "## VGG-16 or random filters" in after


def test_a_cell_that_is_done_is_not_trained_again_and_a_stopped_one_keeps_its_budget(filled, monkeypatch) -> None:
    trained = []
    monkeypatch.setattr(how_many, "train", lambda typed, folder, threads: trained.append((typed, folder.name, threads)))
    fill(Cell(20, 60), filled)
    assert not trained
    stopped = Cell(5, 10).folder(filled.out)
    stopped.mkdir()
    (stopped / "images.txt").write_text("777\n")
    monkeypatch.setattr(how_many, "evaluate", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        fill(Cell(5, 10), filled)
    ((typed, name, threads),) = trained
    assert name == "run" and threads == 2
    assert "max_images=777" in typed and "+experiment=sample" in typed and "image_size=128" in typed
    assert f"data.style.root={stopped.resolve() / 'paintings'}" in typed


def test_without_folders_it_says_what_to_type() -> None:
    with pytest.raises(SystemExit, match="type photographs=FOLDER paintings=FOLDER"):
        table_of({})
    with pytest.raises(SystemExit, match="board=recipe judges through VGG-16; type vgg16=FILE"):
        board_of({"board": "recipe"})
    with pytest.raises(SystemExit, match="board=all; there is methods, recipe"):
        board_of({"board": "all"})


def test_every_row_composes_and_a_key_that_is_not_there_is_told_first() -> None:
    rows = recipe_and_kin(RECIPE, "a.pth")
    check_composes({name: [*typed, "data=folders"] for name, typed in rows.items()})
    assert {name for name in rows if name.startswith("without_")} == {f"without_{part}" for part in WITHOUT}
    with pytest.raises(SystemExit, match=r"error: mine: .*Could not override 'model.nothing'"):
        check_composes({"mine": ["model.nothing=1"]})


def test_pictures_without_a_run_have_scores_and_no_budget(tmp_path) -> None:
    (tmp_path / "cut-0").mkdir()
    facts = {"images_seen": 1000, "seconds": 61.0, "peak_memory_gib": 1.5}
    (tmp_path / "cut-0/status.json").write_text(json.dumps(facts))
    full = score(0.5, n_paintings=9, weights=None, resize="none")
    found = {"entries": [{"name": "cut-0", "scores": {"probe": full}}, {"name": "pixels-0", "scores": {"probe": full}}]}
    text = table(rows_of(found, ["cut", "pixels"], tmp_path)).splitlines()
    assert text[2:5] == [
        "| *photographs (floor)* | 0.1 |  |  |  |",
        "| *photographs recoloured* | 0.2 |  |  |  |",
        "| *paintings (ceiling)* | 0.9 |  |  |  |",
    ]
    assert text[5] == "| `cut` | 0.5 [0.5, 0.5] | 1,000 | 61 | 1.50 |"
    assert text[6] == "| `pixels` | 0.5 [0.5, 0.5] | – | – | – |"


def test_held_out_photographs_are_optimised_once_each(image_sets, tmp_path, monkeypatch) -> None:
    overrides = [*SMALL, f"data_root={image_sets}", "image_loss=[style,content]", "image_size=32"]
    config = pixels.composed(overrides, tmp_path)
    painted = pixels.paint(config, tmp_path / "pixels", steps=2, pairs=3)
    photographs = sorted(path.stem for path in (image_sets / "content/val").iterdir())[:3]
    assert [path.stem for path in painted] == photographs
    assert all(Image.open(path).size == (32, 32) for path in painted)
    monkeypatch.setattr(pixels, "PixelPainting", None)  # nothing is painted again
    assert pixels.paint(config, tmp_path / "pixels", steps=2, pairs=3) == painted


def test_a_folder_that_was_made_with_other_words_is_refused_before_anything_is_trained(tmp_path, monkeypatch) -> None:
    trained = []
    monkeypatch.setattr(leaderboard.subprocess, "run", lambda command, **_: trained.append(command) or Ended)
    leaderboard.train(["model=cut", "max_images=400"], tmp_path / "cut-0")
    (tmp_path / "cut-0").mkdir()
    (tmp_path / "cut-0/status.json").write_text('{"state": "done"}')
    leaderboard.train(["max_images=400", "model=cut"], tmp_path / "cut-0")
    assert len(trained) == 1
    runs = [
        (["model=ast", "max_images=2000"], tmp_path / "ast-0"),
        (["model=cut", "max_images=2000"], tmp_path / "cut-0"),
    ]
    with pytest.raises(
        SystemExit, match=r"cut-0 was made with .*then: max_images=400; now: max_images=2000\); type an"
    ):
        leaderboard.train_all(runs, jobs=1)
    assert len(trained) == 1


class Ended:
    returncode = 0


@pytest.mark.parametrize("other", ["pairs=8", "seed=4", "image_size=64", "recipe=+experiment=my_painter"])
def test_cells_of_other_words_are_refused(other, filled, tmp_path) -> None:
    options = {"photographs": str(tmp_path), "paintings": str(filled.paintings), "out": str(filled.out), "seed": "3"}
    options |= {"image_size": "128", "recipe": "+experiment=sample model.generator.width=8"}
    assert table_of(dict(options)) == filled
    with pytest.raises(SystemExit, match="out was made with other words"):
        table_of(options | dict([other.split("=", 1)]))


def test_pictures_of_other_steps_are_refused(tmp_path, monkeypatch) -> None:
    painted = []
    monkeypatch.setattr(pixels, "composed", lambda *_: None)
    monkeypatch.setattr(pixels, "paint", lambda *_, steps, pairs: painted.append((steps, pairs)))
    (tmp_path / "pixels").mkdir()
    for words in (["steps=2"], ["steps=2", "pairs=9"]):
        monkeypatch.setattr(sys, "argv", ["pixels", f"out={tmp_path / 'pixels'}", *words])
        pixels.main()
    monkeypatch.setattr(sys, "argv", ["pixels", f"out={tmp_path / 'pixels'}", "steps=3"])
    with pytest.raises(SystemExit, match=r"then: steps=2; now: steps=3"):
        pixels.main()
    assert painted == [(2, 16), (2, 9)]
