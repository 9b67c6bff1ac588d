"""`painter=NAME` in every verb that paints, and the files that a box is filled with."""

import json
from pathlib import Path

import numpy as np
import pytest
from box import box  # noqa: F401 (a fixture)
from conftest import compose_config
from images_on_disk import write_images
from PIL import Image
from test_contact_sheet import holds

from stylegan_pl import Stylizer
from stylegan_pl.evaluate import evaluate
from stylegan_pl.export import export
from stylegan_pl.runs import painters
from stylegan_pl.runs.checkpoint import load_generator
from stylegan_pl.stylize import stylize
from stylegan_pl.stylizing.contact_sheet import in_cell


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    write_images(tmp_path / "photos", 1, size=48)
    (path,) = (tmp_path / "photos").iterdir()
    return path


def test_stylize_and_stylizer_paint_alike(box, photo, tmp_path):  # noqa: F811
    typed = [f"input={photo}", f"output={tmp_path}/painted.png", "device=cpu"]
    assert stylize(compose_config("stylize", ["painter=vangogh", *typed])) == 0
    with Image.open(photo) as image, Image.open(tmp_path / "painted.png") as painted:
        image = image.convert("RGB")
        by_hand = Stylizer.load("painter:vangogh", device="cpu")(image)
        assert np.array_equal(np.asarray(painted), np.asarray(by_hand))
        other = Stylizer.load("painter:monet", device="cpu")(image)
        assert not np.array_equal(np.asarray(painted), np.asarray(other))


def test_strokes_of_another_size(box, photo, tmp_path):  # noqa: F811
    for stroke in (0.7, 1.5):
        output = tmp_path / f"painted-{stroke}.png"
        typed = [f"input={photo}", f"output={output}", "device=cpu", f"stroke={stroke}"]
        assert stylize(compose_config("stylize", ["painter=vangogh", *typed])) == 0
        with Image.open(photo) as image, Image.open(output) as painted:
            by_hand = Stylizer.load("painter:vangogh", device="cpu", stroke=stroke)(image.convert("RGB"))
            assert np.array_equal(np.asarray(painted), np.asarray(by_hand))
            plain = Stylizer.load("painter:vangogh", device="cpu")(image.convert("RGB"))
            assert not np.array_equal(np.asarray(painted), np.asarray(plain))


@pytest.mark.slow  # an export to ONNX
def test_exported_to_onnx_the_strokes_are_the_same(box, photo, tmp_path):  # noqa: F811
    pytest.importorskip("onnxscript")
    typed = ["painter=vangogh", f"output={tmp_path}/vangogh.onnx", "parity_sizes=[[16,16]]"]
    assert export(compose_config("export", typed)) == 0
    typed = [f"onnx={tmp_path}/vangogh.onnx", f"input={photo}", f"output={tmp_path}/painted.png", "device=cpu"]
    assert stylize(compose_config("stylize", [*typed, "stroke=1.5"])) == 0
    with Image.open(photo) as image, Image.open(tmp_path / "painted.png") as painted:
        ours = Stylizer.load("painter:vangogh", device="cpu", stroke=1.5)(image.convert("RGB"))
        assert np.abs(np.asarray(painted).astype(int) - np.asarray(ours)).mean() < 2


def test_a_sheet_of_all(box, photo, tmp_path):  # noqa: F811
    typed = [f"input={photo}", f"output={tmp_path}/sheet.png", "sheet=true", "sheet_size=32", "device=cpu"]
    assert stylize(compose_config("stylize", ["painter=all", *typed])) == 0
    with Image.open(photo) as image, Image.open(tmp_path / "sheet.png") as sheet:
        small = in_cell(image.convert("RGB"), 32)
        for name in ("monet", "vangogh"):
            assert holds(sheet, Stylizer.load(f"painter:{name}", device="cpu")(small))


def test_a_painter_is_scored_without_a_report_in_the_box(box, image_sets, tmp_path, monkeypatch, capsys):  # noqa: F811
    monkeypatch.chdir(tmp_path)
    before = sorted(box.iterdir())
    sets = ["data=folders", f"data.content.root={image_sets}/content", f"data.style.root={image_sets}/style"]
    typed = [*sets, "metric=[ssim]", "pairs=2", "image_size=32", "resamples=0", "cache=null", "device=cpu"]
    assert evaluate(compose_config("evaluate", ["painter=monet", *typed])) == 0
    assert (
        evaluate(compose_config("evaluate", ["compare=['painter:monet','painter:vangogh']", *typed, "output=two"])) == 0
    )
    assert sorted(box.iterdir()) == before
    (alone,) = (tmp_path / "outputs").rglob("metrics.json")
    entries = json.loads((tmp_path / "two/metrics.json").read_text())["entries"]
    assert len(entries) == 2 and entries[0]["scores"]["ssim"]["value"] != entries[1]["scores"]["ssim"]["value"]
    assert json.loads(alone.read_text())["scores"]["ssim"]["value"] == entries[0]["scores"]["ssim"]["value"]


def test_export_fills_a_box(box, tmp_path):  # noqa: F811
    """From a run to a painter: by the command that the box's own were made by."""
    output = box / "hokusai.safetensors"
    facts = ["about='Waves, and a mountain'", "licence=CC0", "command='train +experiment=hokusai'"]
    typed = ["painter=monet", "format=safetensors", "half=true", f"output={output}", *facts]
    assert export(compose_config("export", typed)) == 0
    assert painters.names() == ["hokusai", "monet", "vangogh"]
    assert painters.facts_of("hokusai")["about"] == "Waves, and a mountain"
    card = painters.card_of("hokusai")
    assert all(text in card for text in ("Waves, and a mountain", "train +experiment=hokusai", "CC0"))
    weights = load_generator(output).state_dict()
    assert all(
        weight.equal(weights[key]) for key, weight in load_generator(box / "monet.safetensors").state_dict().items()
    )
