"""The table as text, and as JSON."""

import json
import math

from unit.report.example import comparison, entry, photographs, report, score

from stylegan_pl.report.as_json import metrics_json
from stylegan_pl.report.page import page
from stylegan_pl.report.score_table import provenance
from stylegan_pl.report.table import further_away, markdown_table, terminal_table

PHOTOS = photographs(2, 16)


def markdown_cells(text: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines()]


def test_one_entry_is_a_metric_a_row():
    header, _, kid, fid, ssim = markdown_cells(markdown_table(report()))
    assert header == ["metric", r"value \[95 %\]", "floor", "recoloured", "ceiling", "gap closed", "N"]
    assert kid == ["kid ↓", r"0.0500 \[0.0300, 0.0800\]", "0.3100", "0.2500", "0.0100", "87%", "12"]  # 26 / 30
    assert fid[3] == "–"  # a score of before there was a second floor
    assert fid[5] == "39%"  # 91.5 / 235.3
    assert ssim[0] == "ssim ↑" and ssim[5] == "–"


def test_pictures_further_from_the_paintings_are_told_in_a_sentence():
    worse = entry("worse", PHOTOS, scores={"kid": score(0.4, 0.3, 0.1), "ssim": score(0.4, of_sets=False)})
    same = entry("same", PHOTOS, scores={"kid": score(0.3005, 0.3, 0.1)})
    sentence = "further from the paintings than the untouched photographs: kid 0.4000 (photographs 0.3000)"
    assert further_away(report(worse, photos=PHOTOS)) == [sentence]
    assert further_away(report(same, worse, photos=PHOTOS)) == [f"worse: {sentence}"]
    kid, _ = markdown_cells(markdown_table(report(worse, photos=PHOTOS)))[2:]
    assert kid[5] == "further away"
    assert markdown_cells(markdown_table(report(same, photos=PHOTOS)))[2][5] == "0%"
    shown = page(report(worse, photos=PHOTOS)), page(report(same, worse, photos=PHOTOS))
    assert ">further away<" in shown[0] and "further away than the photographs" in shown[1]
    assert not any("−50%" in text for text in shown)


def test_several_are_an_entry_a_row_below_floors_and_ceiling():
    header, _, floor, recoloured, ceiling, *rows = markdown_cells(markdown_table(comparison()))
    assert header == ["system", "kid ↓", "fid ↓", "ssim ↑"]
    assert floor == ["photographs (floor)", "0.3100", "271.5", "1.000"]
    assert recoloured == ["photographs recoloured", "0.2500", "–", "–"]
    assert ceiling == ["paintings (ceiling)", "0.0100", "36.2", "0.110"]
    assert [row[0] for row in rows] == ["sepia", "poster", "blocks"]
    assert rows[1][2] == r"180.0 \[170.0, 196.0\]"


def test_tables_say_by_whose_weights_where_several_are_usual():
    named = entry("named", PHOTOS, scores={"kid": score(0.1, weights_name="Inception of 2015"), "ssim": score(0.2)})
    (_, _, kid, ssim), (several, *_) = (
        markdown_cells(markdown_table(report(*entries, photos=PHOTOS))) for entries in ([named], [named, named])
    )
    assert (kid[0], ssim[0]) == ("kid ↓, Inception of 2015", "ssim ↓")
    assert several == ["system", "kid ↓, Inception of 2015", "ssim ↓"]
    made = report(named, photos=PHOTOS)
    assert [line.weights for line in provenance(made)] == ["Inception of 2015 a1b2c3d4", "a1b2c3d4"]
    assert "pictures with paintings, Inception of 2015" in page(made)


def test_a_metric_that_an_entry_lacks_is_a_dash():
    lacking = entry("none", PHOTOS, scores={"kid": score(0.1)})
    *_, row = markdown_cells(markdown_table(report(entry("all", PHOTOS), lacking, photos=PHOTOS)))
    assert row[0] == "none" and row[2:] == ["–", "–"]


def test_markdown_cells_hold_whatever_is_in_a_name():
    names = ["a|b", "<b>x</b>", "two\nlines", "`code` *x*"]
    text = markdown_table(report(*(entry(name, PHOTOS) for name in names), photos=PHOTOS))
    rows = text.splitlines()[5:]
    assert len(rows) == 4 and rows[0].startswith(r"| a\|b |")
    assert rows[1].startswith("| &lt;b&gt;x&lt;/b&gt; |") and rows[2].startswith("| two lines |")
    assert rows[3].startswith(r"| \`code\` \*x\* |")


def test_terminal_shows_names_as_they_are(monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    text = terminal_table(report(entry("[red]run[/red]", PHOTOS), entry("[/]", PHOTOS), photos=PHOTOS))
    assert "[red]run[/red]" in text and "[/]" in text and "\x1b" not in text
    assert "0.0500" in text and "[0.0300, 0.0800]" in text
    assert all(line == line.rstrip() and len(line) <= 120 for line in text.splitlines())


def test_json_is_one_schema_for_one_and_for_many():
    one, many = metrics_json(report()), metrics_json(comparison())
    assert list(one) == list(many) == ["title", "made", "data", "seconds", "scores", "entries"]
    assert one["scores"]["kid"]["floor"] == 0.31 and one["scores"] == one["entries"][0]["scores"]
    assert many["scores"] == {} and [each["name"] for each in many["entries"]] == ["sepia", "poster", "blocks"]
    assert many["entries"][1]["scores"]["fid"]["interval"] == [170.0, 196.0]
    assert many["entries"][0]["cost"]["peak memory"] == "0.82 GiB"


def test_json_has_no_nan():
    lost = entry("lost", PHOTOS, scores={"kid": score(math.nan, math.inf, interval=(math.nan, 1.0))})
    found = json.loads(json.dumps(metrics_json(report(lost, seconds={"page": math.nan})), allow_nan=False))
    assert found["scores"]["kid"]["value"] is found["scores"]["kid"]["floor"] is found["seconds"]["page"] is None
