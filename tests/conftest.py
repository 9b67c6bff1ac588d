"""Small images on disk, and configs composed as the command line composes them.

The process that hands out the tests reads this before it starts those that run them, and a core idles meanwhile: what
is slow to import is imported where it is used.
"""

import gc
import os
import pickle
import shutil
import signal
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from omegaconf import DictConfig
    from torch import Tensor

SMALL = [  # networks of a few thousand parameters, no weights to load
    "generator@model.generator=resnet6",
    "model.generator.width=8",
    "model.generator.blocks=1",
    "discriminator@model.discriminator=patchgan16",
    "model.discriminator.width=8",
    "feature_network=random_filters",
    "feature_network.filters=8",
    "+debug=smoke",
]


# of tests/properties: the same few examples in the suite, as many as one likes with --hypothesis-profile=long
_ALWAYS = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}  # time says nothing here
settings.register_profile("suite", max_examples=60, derandomize=True, **_ALWAYS)
settings.register_profile("long", max_examples=5000, **_ALWAYS)
settings.load_profile("suite")


@pytest.fixture
def hears_sighup():
    """Also where `nohup` started the tests: it has SIGHUP ignored, and then commands ignore it, too."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def as_nobody():
    """A folder of a user who is not root: root may read everything."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        os.chown(folder, 65534, -1)
        os.seteuid(65534)
        try:
            yield Path(folder)
        finally:
            os.seteuid(0)


@pytest.fixture(scope="session", autouse=True)
def few_threads() -> None:
    """Several test processes share the cores, and so do those that they start."""
    import torch
    from preloaded import start_server

    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    gc.freeze()  # what is imported stays: the collector need not look at it again and again
    if "PYTEST_XDIST_WORKER" in os.environ:  # the whole suite, as a rule: it imports while the first tests run
        start_server()


@pytest.fixture(scope="session")
def image_sets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """content/{train,val} and style/{train,val}: 10 + 4 reddish photographs, 7 + 4 bluish paintings, 48 pixels."""
    from images_on_disk import write_images

    root = tmp_path_factory.mktemp("sets")
    write_images(root / "content/train", 10, hue=0, seed=1)
    write_images(root / "content/val", 4, hue=0, seed=2)
    write_images(root / "style/train", 7, hue=2, seed=3)
    write_images(root / "style/val", 4, hue=2, seed=4)
    return root


@pytest.fixture(scope="session", autouse=True)
def files_of_conf_are_parsed_once() -> None:
    from parsed_once import parse_once

    parse_once()


Compose = Callable[..., "DictConfig"]


@pytest.fixture
def train_config(image_sets: Path, tmp_path: Path) -> Compose:
    """Overrides -> a small train config on `image_sets`, writing to `tmp_path/run`."""

    def composed(*overrides: str, small: bool = True) -> "DictConfig":
        defaults = [f"data_root={image_sets}", f"run_dir={tmp_path / 'run'}"]
        return compose_config("train", [*defaults, *(SMALL if small else []), *overrides])

    return composed


def compose_config(name: str, overrides: list[str]) -> "DictConfig":
    """A config as the verb `name` sees it; files that are chosen again and again are put together once a process."""
    from hydra import initialize_config_dir
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.override_parser.overrides_parser import OverridesParser

    from stylegan_pl.config.conf_dir import conf_dir
    from stylegan_pl.config.verbs import register

    register()
    choices, values = [], []
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        repository = GlobalHydra.instance().config_loader().repository
        for override in OverridesParser.create().parse_overrides(overrides):
            of_files = repository.group_exists(override.key_or_group)
            whole = of_files or override.is_hydra_override() or override.is_sweep_override()
            (choices if whole else values).append(override)
        config = pickle.loads(chosen(name, tuple(override.input_line for override in choices)))
    ConfigLoaderImpl._apply_overrides_to_config(values, config)
    return config


@cache
def chosen(name: str, choices: tuple[str, ...]) -> bytes:
    """Half a second's work, and pickled, because configs are changed."""
    from hydra import compose

    return pickle.dumps(compose(name, overrides=list(choices)))


LocalWeights = Callable[["DictConfig"], None]


@pytest.fixture(scope="session")
def local_weights(tmp_path_factory: pytest.TempPathFactory) -> LocalWeights:
    """Point every pretrained part of a config at a file with its keys and shapes, as a download or a run brings."""
    import torch
    from omegaconf import DictConfig, OmegaConf

    folder = tmp_path_factory.mktemp("weights")

    def file_of(architecture: str) -> Path:
        path = folder / f"{architecture}.pth"
        if not path.exists():
            torch.save(random_weights(architecture), path)
        return path

    def teacher() -> Path:
        path = folder / "teacher.ckpt"
        return path if path.exists() else save_teacher(path)

    def fill(node: "DictConfig") -> None:
        for key in node:
            if key == "teacher":
                node.teacher = str(teacher())
            if OmegaConf.is_interpolation(node, key) or OmegaConf.is_missing(node, key):
                continue
            if isinstance(node[key], DictConfig):
                fill(node[key])
            elif key == "weights_path":
                node.weights_path = str(file_of(node.architecture))

    return fill


RESNET = {"_target_": "stylegan_pl.generators.resnet.ResNetGenerator", "blocks": 1, "width": 8}


def save_teacher(path: Path, node: dict[str, Any] = RESNET) -> Path:
    """A generator as a student finds it: a run's checkpoint, as far as it is read for that."""
    import torch
    from hydra.utils import instantiate

    torch.manual_seed(0)
    generator = instantiate(node)
    state = {f"generator.{name}": value for name, value in generator.state_dict().items()}
    torch.save({"config": {"model": {"generator": node}}, "state_dict": state}, path)
    return path


def random_weights(architecture: str) -> "dict[str, Tensor]":
    """The state of a torchvision network, or of timm's of that name; of a VGG the convolutions alone."""
    import torchvision

    if architecture not in torchvision.models.list_models():
        import timm

        return timm.create_model(architecture, pretrained=False).state_dict()
    if architecture.startswith("vgg"):
        features = getattr(torchvision.models, architecture)(weights=None).features
        return {f"features.{key}": value for key, value in features.state_dict().items()}
    return torchvision.models.get_model(architecture, weights=None).state_dict()


@pytest.fixture(scope="module")
def browser():
    """A real Chromium, where the machine has one and Playwright to drive it."""
    sync_api = pytest.importorskip("playwright.sync_api")
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])  # containers run as root
        yield launched
        launched.close()
