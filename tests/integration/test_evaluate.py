"""`evaluate` as a user types it: one run, other sets, several side by side, and what is refused."""

import csv
import json
from pathlib import Path

import pytest
import torch
from fitting import command
from PIL import Image
from preloaded import preloaded

from stylegan_pl.pictures.tensors import to_float
from stylegan_pl.training.run import run

QUICK = [
    "metric=[palette,kid_vgg,ssim]",
    "feature_network@metric.kid_vgg.features.network=random_filters",
    "resamples=20",
]
ANSWERS = {"floor", "ceiling", "n", "interval", "value", "weights", "resize"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, image_sets) -> Path:
    """Two runs, `a` and `b`, of a few batches."""
    from conftest import SMALL, compose_config

    root = tmp_path_factory.mktemp("evaluate")
    for name, seed in (("a", 1), ("b", 2)):
        folder = root / "runs" / name
        overrides = [*SMALL, f"data_root={image_sets}", f"run_dir={folder}", f"seed={seed}", "val_every_images=4"]
        overrides += ["data.val_pairs=20", "callbacks.evaluation.style_crops=40"]
        assert run(compose_config("train", overrides)) == 0
    return root


def evaluate(trained: Path, *arguments: str, by=preloaded):
    return by("stylegan_pl.evaluate", *arguments, cwd=trained, XDG_CACHE_HOME=str(trained / "cache"))


def scores(path: Path) -> dict:
    return json.loads(path.read_text())["scores"]


def test_one_run(trained) -> None:
    done = evaluate(trained, "ckpt=runs/a", *QUICK, by=command)
    assert done.returncode == 0, done.stderr
    folder = trained / "runs/a/report"
    assert sorted(path.name for path in folder.iterdir()) == ["grid.png", "index.html", "live.html", "metrics.json"]
    found = scores(folder / "metrics.json")
    assert list(found) == ["palette", "kid_vgg", "ssim", "content_loss"]
    for score in found.values():
        assert score.keys() >= ANSWERS
        assert score["n"] == 4
        low, high = score["interval"]
        assert low <= score["value"] <= high
    assert found["ssim"]["floor"] == pytest.approx(1.0)
    assert found["content_loss"]["floor"] == 0.0
    assert found["kid_vgg"]["weights"] and found["palette"]["weights"] is None
    page = (folder / "index.html").read_text()
    assert "runs/a" in page and "train/generator/style" in page and "kid_vgg" in page
    for word in ("palette", "features", "painting"):
        assert word in done.stdout + done.stderr
    with Image.open(folder / "grid.png") as grid:
        assert grid.width > 3 * 32 and grid.height > 4 * 32
    again = evaluate(trained, "ckpt=runs/a", *QUICK)
    assert again.returncode == 2
    assert again.stderr.strip().endswith(
        "report holds a report already; type overwrite=true to replace it, or output=FOLDER"
    )
    before = (folder / "metrics.json").stat().st_mtime_ns
    assert evaluate(trained, "ckpt=runs/a", "overwrite=true", *QUICK).returncode == 0
    assert (folder / "metrics.json").stat().st_mtime_ns > before
    assert scores(folder / "metrics.json")["palette"]["value"] == found["palette"]["value"]


METHODS = {
    "photograph alone": ["metric=[ssim,palette,sliced_wasserstein]", "metric.palette.bins=64"],
    "with a painting": ["model=adain_scratch", "metric=[palette]", "model.generator.decoder.blocks=1"],
}


@pytest.mark.parametrize("method", METHODS)
def test_evaluate_gives_the_scores_of_the_training(method, tmp_path, image_sets) -> None:
    """Of best.ckpt, score, floor, second floor and ceiling as metrics.csv has them, though none is a default."""
    from conftest import SMALL, compose_config

    small = SMALL if method == "photograph alone" else [*SMALL[3:], "model.generator.encoder.width=8"]
    overrides = [
        *METHODS[method], *small, f"data_root={image_sets}", f"run_dir={tmp_path / 'run'}", "seed=5",
        "data.val_pairs=3", "callbacks.evaluation.style_crops=7", "val_every_images=2", "max_images=6",
    ]  # fmt: skip
    assert run(compose_config("train", overrides)) == 0
    best = torch.load(tmp_path / "run/checkpoints/best.ckpt", weights_only=True)
    done = evaluate(tmp_path, "ckpt=run", "resamples=0")
    assert done.returncode == 0, done.stderr
    assert "not measured as" not in done.stdout + done.stderr
    found = scores(tmp_path / "run/report/metrics.json")
    rows = list(csv.DictReader((tmp_path / "run/metrics.csv").open()))
    (row,) = [row for row in rows if row["images_seen"] == str(best["images_seen"]) and row["val/palette"]]
    metrics = [name.removeprefix("val/") for name in row if name.startswith("val/") and f"{name}_floor" in row]
    assert metrics
    for name in metrics:
        assert found[name]["n"] == 3
        for key, column in (("value", ""), ("floor", "_floor"), ("recoloured", "_recoloured"), ("ceiling", "_ceiling")):
            assert found[name][key] == pytest.approx(float(row[f"val/{name}{column}"]), rel=1e-4), (name, key)
    assert {"palette", "ssim"} <= found.keys()  # beside the training's own


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ([], ["b: not measured as at the end of its training: seed=1, in its training 2"]),
        (["seed=3", "pairs=2"], ["a: not measured", "b: not measured", "seed=3, in its training 1", "pairs=2, in"]),
        (["image_size=16", "split=train"], ["image_size=16, in its training 32", "split=train, in its training val"]),
        (["metric=[sliced_wasserstein]", "metric.sliced_wasserstein.patches=99"], ["sliced_wasserstein has other opt"]),
        (["precision=bf16", "style_crops=5"], ["precision=bf16, in its training", "style_crops=5, in its training"]),
    ],
)
def test_what_is_not_as_in_the_training_is_told(trained, tmp_path, typed, words) -> None:
    done = evaluate(trained, "compare=[runs/a,runs/b]", *typed, "resamples=0", f"output={tmp_path}")
    assert done.returncode == 0, done.stderr
    for word in words:
        assert word in done.stderr + done.stdout
    assert ("a: not measured" in done.stderr + done.stdout) is bool(typed)


def test_other_sets(trained, image_sets) -> None:
    typed = ["data=folders", f"data.content.root={image_sets}/style", f"data.style.root={image_sets}/style"]
    done = evaluate(trained, "ckpt=runs/b/checkpoints/last.ckpt", *typed, "split=all", "output=other", *QUICK)
    assert done.returncode == 0, done.stderr
    found = scores(trained / "other/metrics.json")
    assert found["palette"]["n"] == 11
    assert found["palette"]["floor"] < 10  # photographs that are the paintings' own files


def test_several_side_by_side(trained, image_sets) -> None:
    """The photographs themselves, as another program's pictures, get the floor; a run gets what it gets alone."""
    pictures = trained / "untouched"
    pictures.mkdir()
    for path in (image_sets / "content/val").iterdir():
        with Image.open(path) as image:
            image.save(pictures / f"{path.stem}_fake_B.png")
    done = evaluate(trained, "compare", "runs/a", "runs/b", "untouched", *QUICK, "output=all")
    assert done.returncode == 0, done.stderr
    entries = json.loads((trained / "all/metrics.json").read_text())["entries"]
    assert [(entry["name"], entry["kind"]) for entry in entries] == [
        ("a", "run"),
        ("b", "run"),
        ("untouched", "pictures"),
    ]
    for name, score in entries[2]["scores"].items():
        assert score["value"] == pytest.approx(score["floor"], abs=2e-3), name
    assert entries[0]["scores"]["palette"]["value"] != entries[1]["scores"]["palette"]["value"]
    alone = evaluate(trained, "ckpt=runs/b", *QUICK, "output=alone")
    assert alone.returncode == 0, alone.stderr
    assert scores(trained / "alone/metrics.json")["ssim"]["value"] == entries[1]["scores"]["ssim"]["value"]


def test_pictures_on_disk_are_scored_as_the_checkpoint_is(trained, image_sets) -> None:
    """`stylize`d photographs of the crop's size, put beside the checkpoint that painted them."""
    from stylegan_pl.evaluation.fixed_set import read_fixed_set
    from stylegan_pl.evaluation.training_data import sets_of
    from stylegan_pl.pictures.tensors import tensor_to_image
    from stylegan_pl.runs.checkpoint import load, load_generator

    path = trained / "runs/a/checkpoints/best.ckpt"
    config = load(path)["config"]
    fixed = read_fixed_set(*sets_of(config, path), split="val", size=32, seed=0, pairs=9, style_crops=4)
    generator = load_generator(path)
    (trained / "painted").mkdir()
    for photograph in fixed.photographs:
        with torch.no_grad():
            stylised = generator(to_float(photograph.content)[None])[0]
        tensor_to_image(stylised).save(trained / "painted" / f"{Path(photograph.name).stem}.png")
    done = evaluate(trained, "compare=[runs/a,painted]", *QUICK, "output=same")
    assert done.returncode == 0, done.stderr
    ours, theirs = (entry["scores"] for entry in json.loads((trained / "same/metrics.json").read_text())["entries"])
    for name in ours:
        assert theirs[name]["value"] == pytest.approx(ours[name]["value"], rel=1e-3), name


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ([], 2, "type ckpt=RUN_OR_FILE for one, or compare="),
        (["ckpt=runs/a", "compare=[runs/b]"], 2, "type ckpt=RUN_OR_FILE for one, or compare="),
        (["ckpt=nowhere"], 2, "no file or folder nowhere"),
        (["ckpt=runs/a", "splt=all"], 2, "did you mean 'split'"),
        (["ckpt=runs/a", "split=test"], 2, "split=test"),
        (["ckpt=runs/a", "pairs=0"], 2, "pairs=0 must be at least 1"),
        (["ckpt=runs/a", "metric=[kidd]"], 2, "did you mean 'kid'"),
        (["ckpt=runs/a", "metric=[palette]", "metric.palette.bins=many"], 2, "metric.palette.bins="),
        (["ckpt=runs/a", "metric=[kid]", "output=never"], 2, "weights_path=FILE"),
        (["ckpt=runs/a", "image_size=4096", "output=never"], 2, "smaller than the crop of 4096"),
        (["compare=[runs]", "output=never"], 2, "none of the systems is a checkpoint"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(trained, arguments, code, words) -> None:
    done = evaluate(trained, *arguments)
    assert (done.returncode, len(done.stderr.strip().splitlines()[-1:])) == (code, 1), done.stderr
    assert words in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (trained / "never/metrics.json").exists()
