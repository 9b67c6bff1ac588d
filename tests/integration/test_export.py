"""A checkpoint through every file that it can become, and a photograph painted where torch cannot be imported."""

import json
import logging
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import compose_config
from PIL import Image
from torch import nn

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.export import export
from stylegan_pl.exporting.torch_files import load_torch_export, write_torch_export
from stylegan_pl.generators.brush import BrushGenerator
from stylegan_pl.generators.seed import SeedGenerator
from stylegan_pl.inference import main_memory
from stylegan_pl.inference.onnx import memory as onnx_memory
from stylegan_pl.inference.stylizer import Stylizer
from stylegan_pl.pictures.whole_file import unfinished
from stylegan_pl.runs.checkpoint import load_generator
from stylegan_pl.stylizing.onnx import paint_onnx

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

NODE = {"_target_": "stylegan_pl.generators.seed.SeedGenerator", "width": 8}
LIGHT = """
import sys
sys.modules["torch"] = None  # importing it raises
from stylegan_pl.stylize import main
try:
    main()
except SystemExit as left:
    heavy = sorted({m.split(".")[0] for m in sys.modules} & {"torchvision", "lightning", "scipy", "wandb", "pydantic"})
    print("exit", left.code, "heavy", heavy)
"""


@pytest.fixture
def ckpt(tmp_path) -> Path:
    torch.manual_seed(0)
    generator = SeedGenerator(width=8)
    for weight in generator.parameters():
        if weight.dim() == 4:
            nn.init.normal_(weight, std=(2 / weight[0].numel()) ** 0.5)
    state = {f"generator.{key}": value for key, value in generator.state_dict().items()}
    path = tmp_path / "run.ckpt"
    torch.save({"config": {"model": {"generator": NODE}}, "state_dict": state, "images_seen": 7}, path)
    return path


@pytest.fixture
def photo(tmp_path) -> Path:
    path = tmp_path / "photo.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (37, 50, 3), dtype=np.uint8)).save(path)
    return path


def exported(ckpt: Path, output: Path, *options: str) -> Path:
    config = compose_config("export", [f"ckpt={ckpt}", f"output={output}", "parity_sizes=[[24,31]]", *options])
    assert export(config) == 0
    return output


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path)).astype(int)


def test_checkpoint_to_safetensors_to_onnx_is_one_picture(ckpt, photo, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    kept = exported(ckpt, tmp_path / "g.safetensors", "licence=CC0")
    graph = exported(kept, tmp_path / "g.onnx")
    assert "24×31: largest difference" in caplog.text
    config = compose_config("stylize", [f"onnx={graph}", f"input={photo}", f"output={tmp_path / 'onnx.png'}"])
    assert paint_onnx(config) == 0
    assert f"1 of 1 pictures painted -> {tmp_path / 'onnx.png'}" in caplog.text
    image = Image.open(photo)
    first = np.asarray(Stylizer.load(ckpt, device="cpu")(image)).astype(int)
    second = np.asarray(Stylizer.load(kept, device="cpu")(image)).astype(int)
    assert first.std() > 10 and np.abs(first - np.asarray(image)).mean() > 10  # painted, and not flat
    assert np.array_equal(first, second)
    assert np.abs(pixels(tmp_path / "onnx.png") - first).max() <= 2
    card = (tmp_path / "g.onnx.md").read_text()
    assert "CC0" in card and "images seen | 7" in card, "what the checkpoint told travels from file to file"


@pytest.mark.parametrize("full", ["g.safetensors", "g.onnx", "g.pt", "g.pt2", "g.safetensors.md"])
def test_a_full_disk_is_told_in_a_line(ckpt, tmp_path, full):
    output = tmp_path / full.removesuffix(".md")
    kind = {".pt": "torchscript", ".pt2": "torch_export"}.get(output.suffix, output.suffix[1:])
    unfinished(tmp_path / full).symlink_to("/dev/full")
    with pytest.raises(UserError) as told:
        exported(ckpt, output, f"format={kind}")
    line = str(told.value)
    assert line.startswith(f"output={output}: cannot be written (") and "\n" not in line
    assert not (tmp_path / full).exists()


def test_memory_that_runs_out_is_told_in_a_line(ckpt, tmp_path, monkeypatch):
    def full(*arguments):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 5494528 bytes")

    monkeypatch.setattr("stylegan_pl.exporting.call.agreements", full)
    with pytest.raises(UserError, match=r"memory ran out; type parity_sizes=\[\[64,64\]\]"):
        exported(ckpt, tmp_path / "g.safetensors")
    assert not list(tmp_path.glob("*safetensors*"))


@pytest.mark.parametrize("kind", ["onnx", "safetensors"])
def test_a_painter_of_nan_is_not_exported(ckpt, tmp_path, kind):
    """Its weights are finite; rounded to bytes, nan is black in both pictures, and they would agree."""
    state = torch.load(ckpt, weights_only=True)
    state["state_dict"] = {key: 1e30 * value for key, value in state["state_dict"].items()}
    torch.save(state, ckpt)
    with pytest.raises(UserError, match=r"^the generator paints nan or infinite numbers; give an earlier checkpoint$"):
        exported(ckpt, tmp_path / f"g.{kind}")
    assert not list(tmp_path.glob("g.*"))


@pytest.mark.parametrize("name, suffix", [("torch_export", "pt2"), ("torchscript", "pt")])
def test_files_for_torch_paint_alike(name, suffix, ckpt, tmp_path):
    path = exported(ckpt, tmp_path / f"g.{suffix}", f"format={name}")
    with zipfile.ZipFile(path) as archive:
        pickles = [i.filename for i in archive.infolist() if i.file_size and archive.read(i)[:1] == b"\x80"]
        nested = [i.filename for i in archive.infolist() if archive.read(i)[:2] == b"PK"]
        facts = [i for i in archive.namelist() if i.endswith("stylegan_pl.json")]
        assert json.loads(archive.read(facts[0]))["training"]["images_seen"] == 7
    assert not nested and (not pickles or name == "torchscript"), "TorchScript's tables alone are pickles"
    loaded = torch.export.load(path).module() if name == "torch_export" else torch.jit.load(path)
    content = torch.rand(1, 3, 20, 28) * 2 - 1
    assert torch.allclose(loaded(content), load_generator(ckpt)(content), atol=1e-5)


def test_a_brush_comes_back_from_torchs_own_file(tmp_path):
    torch.manual_seed(0)
    network = BrushGenerator(blocks=1, width=4, lengths=(2.0,), period=16).eval()
    write_torch_export(network, tmp_path / "g.pt2", {})
    content = torch.rand(1, 3, 40, 56) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(load_torch_export(tmp_path / "g.pt2")(content), network(content), atol=1e-5, rtol=0)


def test_stylize_paints_without_torch(ckpt, photo, tmp_path):
    graph = exported(ckpt, tmp_path / "g.onnx")
    folder = tmp_path / "photos"
    folder.mkdir()
    photo.rename(folder / "a b, 1.png")
    (folder / "broken.jpg").write_bytes(b"no picture")
    words = [f"model={graph}", f"input={folder}", f"output={tmp_path / 'out'}", "strength=0.5", "keep_colour=true"]
    env = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", LIGHT, *words], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert "exit 1 heavy []" in done.stdout, done.stdout + done.stderr  # 1: of the broken one
    assert "broken.jpg" in done.stderr + done.stdout and "Traceback" not in done.stderr
    assert pixels(tmp_path / "out" / "a b, 1.png").shape == (37, 50, 3)
    assert not (tmp_path / "out" / "broken.jpg").exists()


def test_mistakes_are_one_line(ckpt, photo, tmp_path):
    def refused(*options: str) -> str:
        with pytest.raises(ConfigError) as caught:
            exported(ckpt, tmp_path / "g.onnx", *options)
        return str(caught.value)

    assert "did you mean" in refused("format=onx") or "onnx" in refused("format=onx")
    assert "output=" in refused("format=safetensors") and ".safetensors" in refused("format=safetensors")
    assert "calibration=FOLDER" in refused("int8=true")
    assert "one of the two" in refused("int8=true", "half=true", f"calibration={tmp_path}")
    (tmp_path / "g.onnx").write_bytes(b"mine")
    assert "overwrite=true" in refused()
    config = compose_config(
        "stylize", [f"onnx={tmp_path / 'g.onnx'}", f"input={photo}", f"output={tmp_path / 'o.png'}"]
    )
    with pytest.raises(UserError, match="ONNX"):
        paint_onnx(config)


@pytest.mark.parametrize(
    "typed",
    ["precision=bf16", "tile=512", "tile_exact=true", "batch_size=4", "mask=m.png", "style_weights=[1]", "trust=[a]"],
)
def test_what_an_exported_file_cannot_heed_is_refused(typed, photo, tmp_path):
    config = compose_config("stylize", ["onnx=g.onnx", f"input={photo}", f"output={tmp_path / 'o.png'}", typed])
    with pytest.raises(
        UserError, match=f"^{typed.partition('=')[0]}= works with ckpt=, not with model=; leave it out$"
    ):
        paint_onnx(config)


def test_films_are_not_painted_by_an_exported_file(tmp_path):
    config = compose_config("stylize", ["onnx=g.onnx", "input=film.mp4", f"output={tmp_path / 'o.mp4'}"])
    with pytest.raises(UserError, match=r"input=film\.mp4: films are painted with ckpt=, not with model="):
        paint_onnx(config)


def test_a_file_that_disagrees_is_not_left(ckpt, tmp_path, monkeypatch):
    from stylegan_pl.exporting import kinds

    broken = kinds.KINDS["onnx"]._replace(runner=lambda *_: lambda image, style: 255 - image)
    monkeypatch.setitem(kinds.KINDS, "onnx", broken)
    with pytest.raises(UserError, match="differs from the generator"):
        exported(ckpt, tmp_path / "g.onnx")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.ckpt"]


def test_safetensors_run_only_our_networks(ckpt, tmp_path):
    from safetensors.torch import save_file

    path = tmp_path / "evil.safetensors"
    facts = {"generator": {"_target_": "os.system", "command": "true"}}
    save_file({"a": torch.zeros(1)}, path, metadata={"stylegan_pl": json.dumps(facts)})
    with pytest.raises(UserError, match=r"os\.system"):
        load_generator(path)
    save_file({"a": torch.zeros(1)}, path)
    with pytest.raises(UserError, match="names no generator"):
        load_generator(path)


def test_a_picture_that_memory_cannot_hold_is_refused_before_it_is_painted(ckpt, photo, tmp_path, monkeypatch, caplog):
    """1 GB for a million pixels, by the two that are tried; the photograph is called large, and the other is not."""
    graph = exported(ckpt, tmp_path / "g.onnx")
    folder = tmp_path / "photos"
    folder.mkdir()
    width, height = Image.open(photo).size
    photo.rename(folder / "large.png")
    Image.new("RGB", (8, 8)).save(folder / "small.png")
    peaks = iter([225 * 10**7, 3 * 10**9])
    monkeypatch.setattr(main_memory, "_resident", lambda: 0)
    monkeypatch.setattr(onnx_memory, "_peak_bytes", lambda: next(peaks))
    monkeypatch.setattr("stylegan_pl.stylizing.onnx.LARGE", width * height)
    needed = width * height / 1024**2  # GB
    words = [f"onnx={graph}", f"input={folder}", f"output={tmp_path / 'out'}"]
    assert paint_onnx(compose_config("stylize", [*words, f"memory_gb={0.9 * needed}"])) == 1
    assert f"large.png: {width}×{height} pixels take about" in caplog.text and "paint it with ckpt=" in caplog.text
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["small.png"]
    peaks = iter([225 * 10**7, 3 * 10**9])
    assert paint_onnx(compose_config("stylize", [*words, f"memory_gb={1.1 * needed}", "overwrite=true"])) == 0


def test_memory_that_nothing_has_is_refused(ckpt, photo, tmp_path):
    graph = exported(ckpt, tmp_path / "g.onnx")
    words = [f"onnx={graph}", f"input={photo}", f"output={tmp_path / 'out.png'}", "memory_gb=-1"]
    with pytest.raises(UserError, match=r"memory_gb=-1\.0 must be above 0"):
        paint_onnx(compose_config("stylize", words))
