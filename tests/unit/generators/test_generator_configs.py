"""Every file in conf/generator, with every up- and downsampling, composed as the command line composes it."""

from functools import cache

import pytest
import torch
from conftest import compose_config
from hydra.utils import instantiate
from omegaconf import DictConfig
from small_generators import count, picture, run

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.nn.layers.downsample import AntialiasedDownsample, StridedConv
from stylegan_pl.nn.layers.generator import Generator
from stylegan_pl.nn.layers.upsample import AntialiasedUpsample, ResizeConv, TransposedConv, TransposedConv4
from stylegan_pl.nn.pretrained.wanted import without_pretrained

NAMES = sorted(path.stem for path in (conf_dir() / "generator").glob("*.yaml"))
UPSAMPLES = {
    "nearest": ResizeConv,
    "bilinear": ResizeConv,
    "transposed": TransposedConv,
    "transposed4": TransposedConv4,
    "antialiased": AntialiasedUpsample,
}


@cache
def composed(name: str, *overrides: str) -> DictConfig:
    choice = [f"generator@model.generator={name}", *overrides]
    return compose_config("train", ["run_dir=.", *choice]).model.generator


def build(node: DictConfig, device: str = "cpu") -> Generator:
    with torch.device(device), without_pretrained():
        return instantiate(node, _convert_="all")


@pytest.mark.parametrize("name", NAMES)
def test_every_config_builds_a_generator(name: str) -> None:
    node = composed(name).copy()
    for key, small in (("width", 8), ("levels", 4), ("blocks", 1)):
        if key in node:
            node[key] = small
    torch.manual_seed(0)
    generator = build(node)
    assert isinstance(generator, Generator)
    assert 32 % generator.stride == 0
    with torch.no_grad():
        output = run(generator, picture(1, 3, 32, 32))
    assert output.shape == (1, 3, 32, 32)
    assert output.abs().max() <= 1
    assert generator.taps


@pytest.mark.parametrize(
    ("name", "parameters", "overrides"),
    [
        ("resnet9", 11_378_179, ()),
        ("resnet6", 7_837_699, ()),
        ("seed", 114_307, ()),
        ("johnson", 1_679_235, ()),
        ("adain", 3_505_219, ()),
        ("unet128", 41_825_667, ("upsample@model.generator.upsample=transposed4",)),
        ("unet256", 54_409_603, ("upsample@model.generator.upsample=transposed4",)),
    ],
)
def test_configs_have_the_published_parameters(name: str, parameters: int, overrides: tuple[str, ...]) -> None:
    assert count(build(composed(name, *overrides), "meta")) == parameters


@pytest.mark.parametrize(("name", "side"), [("unet128", 128), ("unet256", 256)])
def test_a_unets_stride_is_in_its_name(name: str, side: int) -> None:
    assert build(composed(name), "meta").stride == side


def test_every_upsampling_is_known_here() -> None:
    assert {path.stem for path in (conf_dir() / "upsample").glob("*.yaml")} == set(UPSAMPLES)


@pytest.mark.parametrize(
    "place", ["resnet9:upsample", "johnson:upsample", "unet256:upsample", "adain_scratch:decoder.upsample"]
)
@pytest.mark.parametrize("option", UPSAMPLES)
def test_upsampling_is_chosen_by_its_group(option: str, place: str) -> None:
    name, key = place.split(":")
    generator = build(composed(name, f"upsample@model.generator.{key}={option}"), "meta")
    steps = [layer for layer in generator.modules() if type(layer) is UPSAMPLES[option]]
    assert len(steps) >= 2
    if option in ("nearest", "bilinear"):
        assert {step[0].mode for step in steps} == {option}


@pytest.mark.parametrize(
    ("option", "kind"),
    [("strided", StridedConv), ("antialiased", AntialiasedDownsample)],
    ids=["strided", "antialiased"],
)
def test_downsampling_is_chosen_by_its_group(option: str, kind: type) -> None:
    node = composed("resnet9", f"downsample@model.generator.downsample={option}")
    assert node.downsample["_target_"].endswith(f".{kind.__name__}")
    assert count(build(node, "meta")) == 11_378_179


def test_there_are_configs() -> None:
    published = {"resnet6", "resnet9", "seed", "unet128", "unet256", "mobile", "johnson", "adain", "adain_scratch"}
    assert published <= set(NAMES)
