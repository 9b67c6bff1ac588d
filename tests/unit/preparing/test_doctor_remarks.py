"""Leakage, copies and refusals are told where they are; the report holds what was found."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stylegan_pl.preparing.doctor import picture as doctor_picture
from stylegan_pl.preparing.doctor.colours import ColourCount
from stylegan_pl.preparing.doctor.file_facts import look_at
from stylegan_pl.preparing.doctor.remarks import KINDS, Remark, lonely, not_looked_at, remarks_on
from stylegan_pl.preparing.doctor.report import is_grave, printable, summary, table, verdict, write_csv, write_json
from stylegan_pl.preparing.doctor.survey import SIDES, Picture, Place


def scene(seed: int, side: int = 64) -> Image.Image:
    """A smooth random picture, unlike that of another seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)


class Sets:
    """Pictures written in their places."""

    def __init__(self, root: Path) -> None:
        self.root, self.pictures = root, []

    def add(self, place: str, image: Image.Image, *, too_small: bool = False, **options) -> None:
        path = self.root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path, **options)
        self.look(place, too_small=too_small)

    def look(self, place: str, *, too_small: bool = False) -> None:
        side, split, _ = place.split("/")
        self.pictures.append(Picture(side, split, look_at(self.root / place), too_small))

    def remarks(self, *, paired: bool = False) -> list[Remark]:
        return remarks_on(self.pictures, image_size=32, paired=paired)

    def said(self, *, paired: bool = False) -> list[tuple[str, str, str]]:
        """(kind, file, the file that the remark names)."""
        return [
            (r.kind.name, r.place.path.relative_to(self.root).as_posix(), r.text.rpartition(f"{self.root}/")[2])
            for r in self.remarks(paired=paired)
        ]


@pytest.fixture
def sets(tmp_path: Path) -> Sets:
    """Three photographs and two paintings, all different."""
    sets = Sets(tmp_path)
    for number, place in enumerate(
        ("content/train/a", "content/train/b", "content/val/c", "style/train/d", "style/val/e")
    ):
        sets.add(f"{place}.png", scene(number))
    return sets


def test_different_pictures_bear_no_remark(sets: Sets) -> None:
    assert sets.said() == []


@pytest.mark.parametrize("side", SIDES)
def test_a_held_out_copy_of_a_training_picture_is_a_leak(sets: Sets, side: str) -> None:
    original = {"content": 1, "style": 3}[side]
    sets.add(f"{side}/val/x.jpg", scene(original).resize((48, 48)), quality=40)
    assert sets.said() == [("leak", f"{side}/val/x.jpg", f"{side}/train/{'abcde'[original]}.png")]
    assert is_grave(sets.remarks(), [])


def test_a_copy_in_the_other_set_is_told_but_pairs_are_meant_to_be_alike(sets: Sets) -> None:
    sets.add("style/val/x.png", scene(0))
    assert sets.said() == [("both_sets", "style/val/x.png", "content/train/a.png")]
    assert "the same bytes as" in sets.remarks()[0].text and not is_grave(sets.remarks(), [])
    assert sets.said(paired=True) == []


def test_copies_within_a_split_are_told_by_bytes_or_by_looks(sets: Sets) -> None:
    sets.add("content/train/x.png", scene(0))
    sets.add("content/train/y.jpg", scene(0), quality=60)
    assert sets.said() == [
        ("same_bytes", "content/train/x.png", "content/train/a.png"),
        ("near_duplicate", "content/train/y.jpg", "content/train/a.png"),
    ]


def test_copies_within_the_held_out_are_told_and_are_no_leak(sets: Sets) -> None:
    sets.add("content/val/x.png", scene(2))
    assert sets.said() == [("same_bytes", "content/val/x.png", "content/val/c.png")]


def test_pictures_of_one_colour_are_told_apart_from_copies_unless_their_bytes_are_the_same(sets: Sets) -> None:
    sets.add("content/train/x.png", Image.new("RGB", (64, 64)))
    sets.add("content/val/y.png", Image.new("RGB", (64, 64), (2, 2, 2)))
    assert [kind for kind, *_ in sets.said()] == ["one_colour", "one_colour"]
    sets.add("content/val/z.png", Image.new("RGB", (64, 64)))
    assert ("leak", "content/val/z.png", "content/train/x.png") in sets.said()


def test_what_is_wrong_with_a_file_alone(sets: Sets) -> None:
    (sets.root / "content/train/w.png").touch()
    sets.look("content/train/w.png")
    sets.add("content/train/x.png", scene(9, side=20), too_small=True)
    sets.add("content/train/y.jpg", scene(10), format="PNG")
    assert [(r.kind.name, r.place.path.name, r.text) for r in sets.remarks()] == [
        ("unreadable", "w.png", "the file is empty"),
        ("too_small", "x.png", "20×20 pixels, the crop has 32"),
        ("misnamed", "y.jpg", "is PNG"),
    ]


def test_formats_that_no_run_reads_are_told(tmp_path: Path) -> None:
    for name in ("a.CR2", "deep/b.gif", "c.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert {r.place.path.name for r in not_looked_at("content", tmp_path)} == {"a.CR2", "b.gif"}
    assert not_looked_at("content", tmp_path / "nowhere") == []


def test_the_table_holds_counts_sizes_and_modes(sets: Sets) -> None:
    sets.add("content/train/x.png", scene(9).resize((100, 50)).convert("L"), too_small=True)
    found = summary(sets.pictures)
    train = found["content"]["train"]
    assert (train["files"], train["too_small"], train["unreadable"]) == (3, 1, 0)
    assert train["shorter_side"] == {"min": 50, "median": 64, "max": 64}
    assert train["aspect"]["max"] == 2 and train["modes"] == {"RGB": 2, "L": 1}
    drawn = table(found)
    assert "50 · 64 · 64" in drawn and "RGB 2, L 1" in drawn
    assert max(map(len, drawn.splitlines())) <= 120
    assert len(drawn.splitlines()) == 2 + 4  # head, rule, a row a split


def test_the_verdict_says_nothing_or_what_to_do(sets: Sets) -> None:
    assert verdict([], [], usable="5 images can be used") == "no problems found: 5 images can be used"
    for number in range(5):
        sets.add(f"content/val/copy{number}.png", scene(number % 2), compress_level=number)
    said = verdict(sets.remarks(), ["data.style.root: no"], usable="")
    count = len(sets.remarks())
    assert said.startswith(f"{count + 1} remarks:\n  5 both in train and in val; scores would be too good: remove")
    assert "      and 2 more" in said and said.endswith("a run would end with this error: data.style.root: no")
    assert is_grave([], ["x"]) and not is_grave([], [])


def test_every_kind_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in KINDS}) == len(KINDS) == 10


def test_the_files_hold_every_remark(sets: Sets, tmp_path: Path) -> None:
    sets.add("style/val/x, y.png", scene(3))
    remarks = sets.remarks() + lonely([Place("content", "train", Path("odd\udcff.png"))])
    write_csv(tmp_path / "check.csv", remarks)
    with (tmp_path / "check.csv").open(newline="", errors="surrogateescape") as file:
        rows = list(csv.DictReader(file))
    assert [(Path(row["file"]).name, row["set"], row["split"], row["kind"]) for row in rows] == [
        ("x, y.png", "style", "val", "leak"), ("odd\udcff.png", "content", "train", "no_partner"),
    ]  # fmt: skip
    write_json(tmp_path / "check.json", {"sets": summary(sets.pictures)}, remarks, [])
    written = json.loads((tmp_path / "check.json").read_text())
    assert written["remarks"] == {"leak": 1, "no_partner": 1} and written["usable"] is False
    assert written["sets"]["content"]["train"]["files"] == 2
    assert printable(Path("odd\udcff.png")) == "odd\\xff.png"


def test_the_picture_shows_each_set_in_its_own_colours() -> None:
    """Pure red in one set and pure blue in the other, at their places in the Lab plane and nowhere else."""

    def square(colour: tuple[int, int, int]) -> ColourCount:
        total = ColourCount.empty()
        total.add(ColourCount.of(np.full((100, 3), colour, np.uint8)))
        return total

    pictures = [
        Picture(side, "train", look_at_size(size), False)
        for side, size in zip(SIDES, ((64, 64), (128, 64)), strict=True)
    ]
    colours = {"content": square((200, 30, 30)), "style": square((30, 30, 200))}
    drawn = np.asarray(doctor_picture.draw(pictures, colours, title="t", image_size=48)).astype(int)
    for top, channel in zip(doctor_picture._TOPS, (0, 2), strict=True):
        left = doctor_picture._COLUMNS[3]
        plane = drawn[top : top + 270, left : left + 270]
        y, x = np.nonzero(np.ptp(plane, axis=-1) > 60)
        assert len(x) > 5 and (plane[y, x].argmax(axis=-1) == channel).all()
        assert (x > 135).all() and (y < 135 if channel == 0 else y > 135).all()  # a > 0; red has b > 0, which is up


def look_at_size(size: tuple[int, int]):
    from stylegan_pl.preparing.doctor.file_facts import FileFacts

    return FileFacts(Path("a.png"), None, size, "RGB", "PNG")


@pytest.mark.parametrize("sizes", [[], [(1, 1)], [(300, 300)] * 3, [(8, 5000), (20000, 20)]])
def test_the_picture_is_drawn_of_any_sizes(sizes: list[tuple[int, int]]) -> None:
    pictures = [Picture("content", "train", look_at_size(size), False) for size in sizes]
    colours = {side: ColourCount.empty() for side in SIDES}
    drawn = doctor_picture.draw(pictures, colours, title="t", image_size=256)
    assert drawn.size == (1640, 880)
