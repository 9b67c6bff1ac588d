"""Files that earlier versions wrote (tests/fixtures/make.py) are resumed, painted with, exported and repeated."""

import gzip
import json
import logging
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import compose_config
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from PIL import Image

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.named_today import as_named_today
from stylegan_pl.config.verbs import register
from stylegan_pl.errors import UserError
from stylegan_pl.exporting.call import export_file
from stylegan_pl.exporting.facts import facts_of
from stylegan_pl.runs.checkpoint import load
from stylegan_pl.runs.file_format import FORMAT_VERSION
from stylegan_pl.runs.renamed import RENAMED
from stylegan_pl.stylizing.onnx import paint_onnx
from stylegan_pl.stylizing.pictures import paint
from stylegan_pl.training.run import run

FORMATS = sorted((Path(__file__).parents[1] / "fixtures").glob("format_*"))
NETWORKS = [
    "generator@model.generator=resnet6", "model.generator.width=2", "model.generator.blocks=1",
    "discriminator@model.discriminator=patchgan16", "model.discriminator.width=2",
    "feature_network=random_filters", "feature_network.filters=4", "+debug=smoke",
]  # fmt: skip


@pytest.fixture(params=FORMATS, ids=lambda folder: folder.name)
def before(request, tmp_path) -> Path:
    """A copy of the files, the checkpoint unpacked."""
    folder = tmp_path / "before"
    shutil.copytree(request.param, folder)
    (folder / "last.ckpt").write_bytes(gzip.decompress((folder / "last.ckpt.gz").read_bytes()))
    return folder


def test_there_are_files_of_every_format():
    assert [folder.name for folder in FORMATS] == [f"format_{version}" for version in range(1, FORMAT_VERSION + 1)]


def assert_painted(folder: Path, *typed: str) -> None:
    output = folder / "today.png"
    config = compose_config("stylize", [*typed, f"input={folder}/photo.png", f"output={output}", "overwrite=true"])
    assert (paint if config.onnx is None else paint_onnx)(config) == 0
    today, then = (np.asarray(Image.open(path), dtype=int) for path in (output, folder / "painted.png"))
    assert np.abs(today - then).max() <= 1


@pytest.mark.parametrize("typed", ["ckpt={}/last.ckpt", "ckpt={}/generator.safetensors", "onnx={}/generator.onnx"])
def test_they_paint_as_they_did(before, typed):
    if typed.startswith("onnx"):
        pytest.importorskip("onnxruntime")
    assert_painted(before, typed.format(before))


@pytest.mark.parametrize("name", ["last.ckpt", "generator.safetensors"])
def test_they_are_exported(before, name):
    output = before / "again.safetensors"
    sizes = "parity_sizes=[[16,24]]"
    assert (
        export_file(
            compose_config("export", [f"ckpt={before / name}", f"output={output}", "format=safetensors", sizes])
        )
        == 0
    )
    assert_painted(before, f"ckpt={output}")
    assert facts_of(output)["training"]["images_seen"] == 8


def test_the_run_goes_on(before, train_config, tmp_path):
    checkpoints = tmp_path / "run/checkpoints"
    checkpoints.mkdir(parents=True)
    shutil.copy(before / "last.ckpt", checkpoints)
    then = load(checkpoints / "last.ckpt")
    assert run(train_config(*NETWORKS, "resume=auto", "max_images=12", small=False)) == 0
    now = load(checkpoints / "last.ckpt")
    assert (then["images_seen"], now["images_seen"]) == (8, 12)
    assert now["format_version"] == FORMAT_VERSION
    assert now["callbacks"].keys() >= then["callbacks"].keys()
    moments = [state["optimizer_states"][0]["state"][0] for state in (then, now)]
    assert float(moments[1]["step"]) == float(moments[0]["step"]) + 2  # batches of two
    weights = [state["state_dict"]["generator.layers.0.weight"] for state in (then, now)]
    assert 0 < float((weights[1] - weights[0]).abs().max()) < 0.1  # trained on, not anew


def test_a_damaged_last_checkpoint_is_told_and_the_one_before_resumed(before, train_config, tmp_path, caplog):
    checkpoints = tmp_path / "run/checkpoints"
    checkpoints.mkdir(parents=True)
    shutil.copy(before / "last.ckpt", checkpoints / "best.ckpt")
    whole = (before / "last.ckpt").read_bytes()
    place = whole.index(load(before / "last.ckpt")["state_dict"]["generator.layers.0.weight"].numpy().tobytes())
    (checkpoints / "last.ckpt").write_bytes(whole[:place] + bytes([whole[place] ^ 2]) + whole[place + 1 :])
    with caplog.at_level(logging.INFO):
        assert run(train_config(*NETWORKS, "resume=auto", "max_images=10", small=False)) == 0
    said = "\n".join(caplog.messages)
    assert f"skipped: {checkpoints / 'last.ckpt'}: cannot be read as a checkpoint (it is damaged" in said
    assert f"resuming from {checkpoints / 'best.ckpt'}" in said
    assert load(checkpoints / "last.ckpt")["images_seen"] == 10


def composed(folder: Path):
    """`train --config-dir FOLDER --config-name config`, as the verb sees it."""
    register()
    with initialize_config_dir(str(folder), version_base="1.3"):
        config = compose("config", overrides=["run_dir=run"])
    as_named_today(config)
    return config


def test_its_config_says_what_to_train_again(before, monkeypatch):
    (before / "conf").mkdir()
    shutil.copy(before / "config.yaml", before / "conf")
    check_config(composed(before / "conf"))
    text = (before / "conf/config.yaml").read_text()
    (before / "conf/config.yaml").write_text(text.replace("stylegan_pl.generators.resnet", "stylegan_pl.old.resnets"))
    monkeypatch.setitem(RENAMED, "stylegan_pl.old.resnets", "stylegan_pl.generators.resnet")
    config = composed(before / "conf")
    check_config(config)
    assert config.model.generator._target_ == "stylegan_pl.generators.resnet.ResNetGenerator"
    assert "stylegan_pl.old" not in OmegaConf.to_yaml(config)


def test_options_that_are_gone_are_left_out(before, caplog):
    """Also of a config that somebody trains again, which is told."""
    text = (before / "config.yaml").read_text()
    assert "cuda_graphs: false" in text and "reuse_memory: true" in text  # of the first format
    config = load(before / "last.ckpt")["config"]
    assert "cuda_graphs" not in config["model"]["mechanics"] and "reuse_memory" not in config["data"]
    (before / "conf").mkdir()
    shutil.copy(before / "config.yaml", before / "conf")
    again = composed(before / "conf")
    check_config(again)
    assert "cuda_graphs" not in again.model.mechanics and "reuse_memory" not in again.data
    assert "data.reuse_memory is no longer an option: workers hand batches over as the DataLoader does" in caplog.text


def test_a_file_of_a_newer_format_is_refused_in_a_line(before):
    from safetensors import safe_open
    from safetensors.torch import save_file

    checkpoint = torch.load(before / "last.ckpt", weights_only=True)
    torch.save({**checkpoint, "format_version": FORMAT_VERSION + 1}, before / "last.ckpt")
    with safe_open(before / "generator.safetensors", "pt") as file:
        facts = json.loads(file.metadata()["stylegan_pl"])
        weights = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    newer = {"stylegan_pl": json.dumps({**facts, "format_version": FORMAT_VERSION + 1})}
    save_file(weights, before / "generator.safetensors", metadata=newer)
    typed = [f"ckpt={before}/last.ckpt", f"ckpt={before}/generator.safetensors"]
    if pytest.importorskip("onnx"):
        import onnx

        model = onnx.load(before / "generator.onnx")
        (told,) = [pair for pair in model.metadata_props if pair.key == "stylegan_pl"]
        told.value = json.dumps({**json.loads(told.value), "format_version": FORMAT_VERSION + 1})
        onnx.save(model, before / "generator.onnx")
        typed.append(f"onnx={before}/generator.onnx")
    for word in typed:
        with pytest.raises(UserError, match=r"written by a newer stylegan_pl \(format 2, this one reads up to 1\)"):
            assert_painted(before, word)


def test_a_flipped_bit_in_exported_weights_is_found(before):
    path = before / "generator.safetensors"
    whole = path.read_bytes()
    for place in (len(whole) - 5, len(whole) // 2, whole.index(b"images_seen") + 1, whole.index(b'"sha256"') + 20):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(UserError, match="it is damaged: its weights are not those that were written") as caught:
            assert_painted(before, f"ckpt={path}")
        assert str(caught.value).startswith(f"{path}: ")
