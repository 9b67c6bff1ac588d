"""A checkpoint from anyone, in every verb that takes one: nothing of it runs, and one line says what it would have."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from conftest import compose_config
from PIL import Image

from stylegan_pl.errors import UserError
from stylegan_pl.evaluation.as_trained import measures_of, metrics_of
from stylegan_pl.evaluation.assess import assess
from stylegan_pl.exporting.call import export_file
from stylegan_pl.generators.seed import SeedGenerator
from stylegan_pl.inference.stylizer import Stylizer
from stylegan_pl.page.painters import Painters
from stylegan_pl.runs.checkpoint import load_teacher
from stylegan_pl.stylizing.pictures import paint
from stylegan_pl.stylizing.sheet import paint_sheet

SEED = {"_target_": "stylegan_pl.generators.seed.SeedGenerator", "width": 2}
FOLDER = {"_target_": "stylegan_pl.data.folder.ImageFolder", "root": "."}
PAIRING = {"_target_": "stylegan_pl.data.pairing.Unpaired"}
WIDE = SeedGenerator(width=64)
DATA = {"content": FOLDER, "style": FOLDER, "pairing": PAIRING}


def calls(there: Path) -> dict[str, Any]:
    """Ways to leave a trace; Hydra's own list of what is forbidden stops the first alone."""
    nested = {"_target_": "pathlib.Path", "_args_": [str(there)]}
    return {
        "system": {"_target_": "os.system", "command": f"touch {there}"},
        "sympify": {"_target_": "sympy.sympify", "a": f"__import__('os').mkdir('{there}')"},
        "write_text": {"_target_": "pathlib.Path.write_text", "_args_": [nested, "x"]},
        "load": {"_target_": "numpy.memmap", "filename": str(there), "mode": "w+", "shape": [3]},
    }  # fmt: skip


def stylized(path: Path) -> None:
    paint(compose_config("stylize", [f"ckpt={path}", "input=photo.png", "output=out.png"]))


def on_a_sheet(path: Path) -> None:
    paint_sheet(compose_config("stylize", [f"ckpt={path}", "input=photo.png", "output=out.png", "sheet=true"]))


def exported(path: Path) -> None:
    export_file(compose_config("export", [f"ckpt={path}", "format=safetensors", "output=out.safetensors"]))


QUICK = ["data=folders", "data.content.root=.", "data.style.root=.", "metric=[palette]", "image_size=16", "output=out"]


def evaluated(path: Path) -> None:
    assess(compose_config("evaluate", [f"ckpt={path}", *QUICK]))


def compared(path: Path) -> None:
    assess(compose_config("evaluate", [f"compare=[{path}]", *QUICK]))


VERBS = {
    "stylize": stylized, "sheet": on_a_sheet, "export": exported, "evaluate": evaluated, "compare": compared,
    "Stylizer": Stylizer.load, "page": lambda path: Painters([str(path)]),
    "teacher": lambda path: load_teacher(str(path)),
}  # fmt: skip


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A working directory with a photograph or four."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    for name in ("photo.png", "b.png", "c.png", "d.png"):
        Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8)).save(name)
    return tmp_path / "cwd"


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def written(path: Path, generator: Any, data: Any = None) -> Path:
    state = {f"generator.{key}": value for key, value in SeedGenerator(width=2).state_dict().items()}
    config = {"model": {"generator": generator}, "data": data or DATA, "image_size": 16}
    torch.save({"config": config, "state_dict": state}, path)
    return path


@pytest.mark.parametrize("way", calls(Path()))
@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_a_generator_that_hides_a_call(here, tmp_path, verb, way):
    before = files(here)
    call = calls(tmp_path / "trace")[way]
    for generator in (call, {**SEED, "width": call}, {**SEED, "init": [{"deep": (call,)}]}):
        with pytest.raises(UserError, match=f"would run '{call['_target_']}'|would run 'pathlib.Path'") as caught:
            verb(written(tmp_path / "their.ckpt", generator))
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "trace").exists() and files(here) == before


@pytest.mark.parametrize("way", calls(Path()))
@pytest.mark.parametrize("key", ["ckpt={}", "compare=[{}]"])
def test_data_that_hide_a_call(here, tmp_path, key, way):
    before = files(here)
    call = calls(tmp_path / "trace")[way]
    for data in (
        {**DATA, "content": {**FOLDER, "how_to": call}},
        {**DATA, "style": {**FOLDER, "include": [{"deep": call}]}},
        {**DATA, "pairing": {**PAIRING, "extra": call}},
        {**DATA, "pairing": call},
    ):
        path = written(tmp_path / "their.ckpt", SEED, data)
        typed = [key.format(path), "metric=[palette]", "resamples=0", "output=out"]
        with pytest.raises(UserError, match="which is not built from a file; type data=folders") as caught:
            assess(compose_config("evaluate", typed))
        assert "\n" not in str(caught.value)
        assert not (tmp_path / "trace").exists() and files(here) == before


@pytest.mark.parametrize("way", calls(Path()))
def test_metrics_that_hide_a_call(tmp_path, way):
    """`evaluate` takes a training's own metrics: none that is not ours, that counts without end, or that fetches."""
    call = calls(tmp_path / "trace")[way]
    palette = {"_target_": "stylegan_pl.metrics.palette.PaletteDistance", "bins": 8}
    vgg = {
        "_target_": "stylegan_pl.nn.pretrained.vgg.VGG",
        "style_layers": {},
        "content_layers": {},
        "weights_path": "http://h/x",
    }
    metrics = {
        "call": call, "nested": {**palette, "bins": call}, "endless": {**palette, "bins": 10**9}, "text": "palette",
        "wide": {"_target_": "stylegan_pl.metrics.sliced_wasserstein.SlicedWasserstein", "patches": 65536,
                 "directions": 65536},
        "network": {"_target_": "stylegan_pl.nn.layers.blur.BlurPool"}, "fine": palette, 3: palette,
        "fetched": {"_target_": "stylegan_pl.metrics.content_distance.ContentDistance", "features": vgg},
    }  # fmt: skip
    (tmp_path / "their.ckpt").touch()
    found, refused = metrics_of(measures_of({"metric": metrics}), tmp_path / "their.ckpt")
    assert list(found) == ["fine"]
    assert [line.split()[0] for line in refused] == ["call", "nested", "endless", "text", "wide", "network", "fetched"]
    assert "would run '" in refused[0] and "would run '" in refused[1] and "weights are at http://h/x" in refused[-1]
    assert not (tmp_path / "trace").exists()


def test_crops_without_end():
    asked = {"callbacks": {"evaluation": {"style_crops": 4_000_000_000}}}
    assert measures_of(asked).style_crops is None


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_weights_that_the_file_does_not_hold(here, tmp_path, verb):
    """One number that a stride of 0 repeats: a file of some kilobytes would become gigabytes."""
    state = {f"generator.{key}": torch.zeros(()).expand(value.shape) for key, value in WIDE.state_dict().items()}
    config = {"model": {"generator": {**SEED, "width": 64}}, "data": DATA, "image_size": 16}
    torch.save({"config": config, "state_dict": state}, tmp_path / "their.ckpt")
    assert (tmp_path / "their.ckpt").stat().st_size < 50_000
    with pytest.raises(UserError, match="its weights are larger than the file") as caught:
        verb(tmp_path / "their.ckpt")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("config", [{}, {"data": 3, "callbacks": [], "metric": "x", "seed": -1, "precision": ["fp32"]}])
def test_a_config_that_does_not_say_how_it_was_measured(config):
    assert measures_of(config) == measures_of({})


@pytest.mark.parametrize("size", [None, "16", 10**9, 0, [16], True])
def test_a_size_that_none_has(here, tmp_path, size):
    path = written(tmp_path / "their.ckpt", SEED)
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["config"]["image_size"] = size
    torch.save(checkpoint, path)
    with pytest.raises(UserError, match=r"has no usable image_size; type image_size=256$"):
        assess(compose_config("evaluate", [f"ckpt={path}", "metric=[palette]", "output=out"]))
