"""Every file in conf/ composes and builds; a new file is covered without touching this one."""

import os
from pathlib import Path

import pytest
import torch
from conftest import compose_config
from hydra.utils import instantiate
from omegaconf import OmegaConf

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.data.sources.sample import VERSION
from stylegan_pl.training.build import build_data, build_model, build_trainer

NOT_GROUPS = {"hydra"}
FRAGMENTS = {
    "model/mechanics",
    "model/game",
    "model/surroundings",
    "data/loading",
}  # included by the other files of their groups
PLACES = {  # group -> where a train config puts it, for groups that are not chosen by their bare name
    "generator": "generator@model.generator",
    "upsample": "upsample@model.generator.upsample",
    "downsample": "downsample@model.generator.downsample",
    "discriminator": "discriminator@model.discriminator",
    "init": "init@model.generator.init",
    "optimizer": "optimizer@model.generator_optimizer",
    "dataset": "dataset@data",
    "feature_heads": "+feature_heads@model.feature_heads",
    "style_statistic": "style_statistic@image_loss.relative_style.statistic",
    "style_target": "style_target@image_loss.relative_style.target",
    "experiment": "+experiment",
    "debug": "+debug",
}
BESIDE = {  # group -> what has to be typed with it
    "feature_heads": ["model.feature_heads.layers=[relu1_1,relu2_1,relu3_1]"],  # VGG-19's, which vanilla looks through
    "style_statistic": ["image_loss=[relative_style]"],
}


def options(group: str | None = None) -> list[tuple[str, str]]:
    """(group, option) of every YAML file below conf/, or below one group."""
    files = sorted(conf_dir().rglob("*.yaml"))
    pairs = [(path.parent.relative_to(conf_dir()).as_posix(), path.stem) for path in files]
    return [
        (g, o)
        for g, o in pairs
        if g != "." and g.split("/")[0] not in NOT_GROUPS and f"{g}/{o}" not in FRAGMENTS and group in (None, g)
    ]


@pytest.fixture
def undrawn(monkeypatch) -> None:
    """Layers without torch's own first weights, which for networks of full size take longer than all else."""
    for layer in (torch.nn.modules.conv._ConvNd, torch.nn.Linear):
        monkeypatch.setattr(layer, "reset_parameters", lambda self: None)


ALONE = ("experiment", "model", "generator", "feature_network", "feature_heads", "style_statistic", "debug")
"""One of these a config: they bring, or take away, the places of others."""
ASIDE = ("dataset", "logger", "trainer", "callbacks", "launcher", "sweep")
"""Goes with a model or a generator; all other groups, parts of the usual method, go with each other."""


def together() -> list[list[tuple[str, str]]]:
    """Options that share a config, so that few configs have all of them."""
    everything = options()
    alone = [[(group, option)] for group, option in everything if group in ALONE]
    usual: list[list[tuple[str, str]]] = []
    for group in dict.fromkeys(group for group, _ in everything if group not in ALONE):
        beside = ("style_statistic",) if group == "style_target" else ("model", "generator") if group in ASIDE else ()
        rows = [row for row in alone if row[0][0] in beside] or usual
        for at, pair in enumerate(pair for pair in everything if pair[0] == group):
            if at == len(rows):
                rows.append([])
            rows[at].append(pair)
    return alone + usual


def test_every_option_is_in_a_config():
    assert sorted(pair for row in together() for pair in row) == sorted(options())


@pytest.mark.parametrize("chosen", together(), ids=lambda row: ",".join(map("=".join, row)))
def test_composes_checks_and_builds(chosen, tmp_path, image_sets, local_weights, undrawn):
    groups = [group for group, _ in chosen]
    words = [f"run_dir={tmp_path}", f"data_root={image_sets}", "max_images=4"]
    words += [] if "logger" in groups else ["logger=none"]
    for group, option in chosen:
        place = PLACES.get(group, group)
        words += BESIDE.get(group, [])
        words.append(f"{place}=[{option}]" if group in ("image_loss", "metric") else f"{place}={option}")
    config = compose_config("train", words)
    local_weights(config)
    check_config(config)
    model, data = build_model(config), build_data(config)
    assert any(p.requires_grad for p in model.parameters())
    assert data.image_size == config.image_size
    if {"trainer", "callbacks", "logger", "metric", "debug"} & set(groups):
        if {("trainer", "gpu"), ("trainer", "ddp")} & set(chosen) and not torch.cuda.is_available():
            config.trainer.accelerator, config.trainer.devices = "cpu", 1
        build_trainer(config, tmp_path)


@pytest.mark.parametrize("option", [o for g, o in options("experiment")])
def test_experiments_open_with_the_question_they_ask(option):
    lines = (conf_dir() / "experiment" / f"{option}.yaml").read_text().splitlines()
    assert lines[0] == "# @package _global_"
    assert lines[1].startswith("# ") and "?" in "".join(line for line in lines[1:5] if line.startswith("#"))


@pytest.mark.parametrize("verb", ["stylize", "app", "prepare"])
def test_the_other_verbs_compose(verb):
    config = compose_config(verb, [])
    assert OmegaConf.is_config(config)


@pytest.mark.parametrize(("group", "option"), options("dataset"), ids=lambda value: value)
def test_prepare_builds_every_dataset(group, option, tmp_path):
    config = compose_config("prepare", [f"dataset={option}", f"root={tmp_path}"])
    for side in ("content", "style"):
        folder = instantiate(config.dataset[side], _convert_="all")
        assert str(folder.root).startswith(str(tmp_path)) or option == "folders"
        if folder.source is not None:
            assert Path(folder.root).is_relative_to(folder.source.folder)
            assert folder.source.describe()


@pytest.mark.parametrize(("group", "option"), options("data"), ids=lambda value: value)
def test_every_set_reads_the_first_picture_of_animations_if_asked(group, option):
    """Messages about GIFs and animations say to type it."""
    asked = [f"data.{side}.first_frame=true" for side in ("content", "style")]
    config = compose_config("train", [f"data={option}", "run_dir=.", *asked])
    check_config(config)
    for side in ("content", "style"):
        assert instantiate(config.data[side], _convert_="all").first_frame


def test_the_samples_folder_in_conf_is_the_one_that_is_built():
    for side in ("content", "style"):
        root = compose_config("prepare", ["dataset=sample"]).dataset[side].root
        assert root == f"data/sample-v{VERSION}-seed0/{side}"


def test_the_flagship_is_what_its_page_says():
    config = compose_config("train", ["+experiment=coco_vangogh"])
    targets = [config.model.generator, config.model.discriminator, config.adversarial]
    assert [node._target_.rsplit(".", 1)[1] for node in targets] == ["BrushGenerator", "Several", "LeastSquares"]
    assert (config.model.generator.width, config.image_size, config.max_images) == (32, 256, 200_000)
    assert {member.network.n_layers for member in config.model.discriminator.members.values()} == {1, 3}
    losses = {"relative_style", "relative_palette", "strokes", "structure", "relative_content", "total_variation"}
    assert set(config.image_loss) == losses
    assert config.model.mechanics.ema_half_life_images is not None
    assert config.data.download and config.precision.name == "auto"
    assert config.data.content.root == "data/coco/val2017"


def test_third_party_parts_need_no_change_here(tmp_path, image_sets, monkeypatch):
    package = tmp_path / "elsewhere"
    package.mkdir()
    (package / "their_generator.py").write_text(
        "from torch import nn\nclass Theirs(nn.Conv2d):\n    def __init__(self, *, kernel: int):\n"
        "        super().__init__(3, 3, kernel, padding=kernel // 2)\n"
    )
    monkeypatch.syspath_prepend(str(package))
    config = compose_config("train", [f"data_root={image_sets}", f"run_dir={tmp_path}", "image_loss=[none]"])
    config.model.generator = {"_target_": "their_generator.Theirs", "kernel": 5}
    check_config(config)
    assert build_model(config).generator.kernel_size == (5, 5)


def test_conf_is_found_from_anywhere(monkeypatch):
    monkeypatch.chdir(os.sep)
    assert (conf_dir() / "train.yaml").is_file()
