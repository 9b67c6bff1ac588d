"""LPIPS's network against torchmetrics' and the authors' own program, on the same random backbone."""

import importlib
import warnings
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchmetrics.functional.image import lpips as torchmetrics_lpips

from stylegan_pl.errors import UserError
from stylegan_pl.nn.pretrained.perceptual_distance import PerceptualDistance
from stylegan_pl.nn.pretrained.wanted import without_pretrained
from stylegan_pl.nn.pretrained.weights import WeightsError

NAMES = {"alexnet": "alex", "vgg16": "vgg", "squeezenet1_1": "squeeze"}
every = pytest.mark.parametrize("architecture", NAMES)


def pictures(*, seed: int, side: int = 64) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Random weights with torchvision's keys, of the convolutions alone."""
    folder, found = tmp_path_factory.mktemp("weights"), {}
    with without_pretrained():
        for architecture in NAMES:
            torch.manual_seed(0)
            layers = PerceptualDistance(architecture=architecture).layers
            found[architecture] = folder / f"{architecture}.safetensors"
            save_file({f"features.{key}": value for key, value in backbone_of(layers).items()}, found[architecture])
    return found


def backbone_of(layers: nn.Module) -> dict[str, Tensor]:
    return {name: buffer.clone() for name, buffer in layers.named_buffers()}


def with_this_backbone(reference: nn.Module, ours: PerceptualDistance) -> nn.Module:
    """Their layers are named net.slice3.6.weight, net.slices.2.6.weight or net.slice3.6.squeeze.weight."""
    wanted, state = backbone_of(ours.layers), reference.state_dict()
    for key in [key for key in state if key.startswith("net.")]:
        tail = key.split("slice", 1)[1].split(".", 2 if key.startswith("net.slices") else 1)[-1]
        state[key] = wanted[tail]
    reference.load_state_dict(state)
    return reference.eval()


@every
def test_it_is_torchmetrics_lpips(architecture: str, files: dict[str, Path]) -> None:
    """Within 1e-4 of the value."""
    ours = PerceptualDistance(architecture=architecture, weights_path=str(files[architecture]))
    theirs = with_this_backbone(torchmetrics_lpips._LPIPS(net=NAMES[architecture], pnet_rand=True), ours)
    a, b = pictures(seed=1), pictures(seed=2)
    expected = theirs(a, b).flatten()
    assert expected.min() > 1e-3
    torch.testing.assert_close(ours(a, b), expected, rtol=1e-4, atol=1e-7)


@every
def test_it_is_the_authors_lpips(architecture: str, files: dict[str, Path]) -> None:
    """Within 1e-4 of the value; their linear weights are read from their own package."""
    lpips = pytest.importorskip("lpips")
    ours = PerceptualDistance(architecture=architecture, weights_path=str(files[architecture]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = lpips.LPIPS(net=NAMES[architecture], pnet_rand=True, verbose=False)
    with_this_backbone(theirs, ours)
    a, b = pictures(seed=1), pictures(seed=2)
    found, expected = ours(a, b), theirs(a, b).flatten()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-7)
    print(f"{architecture}: ours {found.tolist()}, lpips {expected.tolist()}")


@every
def test_untouched_pictures_are_at_0_and_order_does_not_matter(architecture: str, files: dict[str, Path]) -> None:
    network = PerceptualDistance(architecture=architecture, weights_path=str(files[architecture]))
    a, b = pictures(seed=1), pictures(seed=2)
    assert network(a, a).abs().max() == 0
    torch.testing.assert_close(network(a, b), network(b, a))
    assert network(a, 0.5 * a + 0.5 * b).max() < network(a, b).min()
    assert not network.state_dict() and not list(network.parameters())
    assert network.train().training is False


def test_wrong_files_are_refused_in_one_line(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"metric\.NAME\.network\.weights_path: no file .*nowhere\.pth") as refused:
        PerceptualDistance(weights_path=str(tmp_path / "nowhere.pth"))
    assert "\n" not in str(refused.value)
    with pytest.raises(UserError, match="not the weights of this LPIPS backbone"):
        PerceptualDistance(architecture="alexnet", weights_path=str(files["vgg16"]))
    with pytest.raises(ValueError, match="must be one of alexnet, vgg16, squeezenet1_1, got 'vgg19'"):
        PerceptualDistance(architecture="vgg19")


def test_a_torchmetrics_without_linear_weights_is_told(monkeypatch: pytest.MonkeyPatch, files, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.import_module("torchmetrics"), "__file__", str(tmp_path / "__init__.py"))
    with pytest.raises(UserError, match="has no LPIPS weights; type pip install"):
        PerceptualDistance(weights_path=str(files["alexnet"]))
