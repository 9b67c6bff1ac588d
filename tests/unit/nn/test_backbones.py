"""Backbones against the networks they are cut from, and what frozen means."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import timm
import torch
import torchvision
from torch import Tensor, nn
from torchvision.models.feature_extraction import create_feature_extractor

from stylegan_pl.errors import UserError
from stylegan_pl.nn.pretrained.backbone import Backbone, RandomBackbone
from stylegan_pl.nn.pretrained.pretrained_backbones import TimmBackbone, TorchvisionBackbone, VGGBackbone
from stylegan_pl.nn.pretrained.vgg import VGG
from stylegan_pl.nn.pretrained.wanted import without_pretrained

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NODES = {  # where torchvision's graphs have maps of strides 4, 8, 16, 32
    "efficientnet_b0": ["features.2", "features.3", "features.5", "features.7"],
    "resnet18": ["layer1", "layer2", "layer3", "layer4"],
}


def trained(architecture: str) -> nn.Module:
    """torchvision's network with random weights, and batch statistics that are not the identity."""
    torch.manual_seed(0)
    network = torchvision.models.get_model(architecture, weights=None).eval()
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.1)
            layer.running_var.uniform_(0.5, 1.5)
    return network


@pytest.fixture(scope="module")
def networks() -> dict[str, nn.Module]:
    return {name: trained(name) for name in NODES}


@pytest.fixture(scope="module")
def files(networks: dict[str, nn.Module], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("weights")
    for name, network in networks.items():
        torch.save(network.state_dict(), folder / f"{name}.pth")
    return {name: folder / f"{name}.pth" for name in networks}


def picture(side: int = 64) -> Tensor:
    return torch.rand(2, 3, side, side, generator=torch.Generator().manual_seed(2)) * 2 - 1


def unread(kind: type[Backbone], **options: object) -> Backbone:
    with without_pretrained():
        return kind(**options)


BACKBONES: dict[str, Callable[[], Backbone]] = {
    "random": lambda: RandomBackbone(width=4),
    "vgg16": lambda: unread(VGGBackbone),
    "vgg19": lambda: unread(VGGBackbone, architecture="vgg19", layers=["relu2_1", "relu3_1", "relu4_1", "relu5_1"]),
    "efficientnet_b0": lambda: unread(TorchvisionBackbone),
    "resnet18": lambda: unread(TorchvisionBackbone, architecture="resnet18"),
    "timm": lambda: unread(TimmBackbone),
}


@pytest.mark.parametrize("name", BACKBONES)
def test_four_maps_as_announced_frozen_and_seen_through(name: str) -> None:
    torch.manual_seed(0)
    backbone = BACKBONES[name]()
    image = picture().requires_grad_()
    maps = backbone(image)
    sides = [64 // stride for stride in backbone.strides]
    assert [tuple(m.shape) for m in maps] == [
        (2, channels, side, side) for channels, side in zip(backbone.channels, sides, strict=True)
    ]
    assert [coarse // fine for fine, coarse in zip(backbone.strides, backbone.strides[1:], strict=False)] == [2, 2, 2]
    (slope,) = torch.autograd.grad(sum(m.square().mean() for m in maps), image, create_graph=True)
    assert slope.isfinite().all() and slope.ne(0).float().mean() > 0.9
    assert slope.requires_grad  # a penalty may differentiate once more
    assert list(backbone.parameters()) == [] and backbone.state_dict() == {}
    before = [m.detach() for m in maps]
    after = nn.ModuleList([backbone]).train()[0](image)
    assert not backbone.training
    assert all(torch.equal(a, b) for a, b in zip(after, before, strict=True))  # batch norms did not move


@pytest.mark.parametrize("name", NODES)
def test_torchvisions_maps_are_its_graphs_nodes(
    name: str, networks: dict[str, nn.Module], files: dict[str, Path]
) -> None:
    backbone = TorchvisionBackbone(architecture=name, weights_path=str(files[name]))
    reference = create_feature_extractor(networks[name], NODES[name])
    with torch.no_grad():
        expected = reference(torchvision.transforms.Normalize(MEAN, STD)((picture() + 1) / 2))
        for found, node in zip(backbone(picture()), NODES[name], strict=True):
            torch.testing.assert_close(found, expected[node], rtol=1e-3, atol=1e-4)


def test_vggs_maps_are_the_feature_networks(tmp_path: Path) -> None:
    torch.manual_seed(0)
    layers = torchvision.models.vgg16(weights=None).features[:23]
    path = str(tmp_path / "vgg16.pth")
    torch.save({f"features.{key}": value for key, value in layers.state_dict().items()}, path)
    names = ["relu1_2", "relu2_2", "relu3_3", "relu4_3"]
    reference = VGG(style_layers=dict.fromkeys(names, 1.0), content_layers={}, architecture="vgg16", weights_path=path)
    maps, expected = VGGBackbone(weights_path=path)(picture(32)), reference(picture(32))
    assert all(torch.equal(found, expected[name]) for found, name in zip(maps, names, strict=True))


def test_timms_maps_are_its_own_at_the_means_it_was_trained_with(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    path = str(tmp_path / "lite0.pth")
    torch.save(network.state_dict(), path)
    backbone = TimmBackbone(weights_path=path)
    assert network.pretrained_cfg["mean"] == (0.5, 0.5, 0.5)  # not ImageNet's, so images go in as they are
    with torch.no_grad():
        expected = network.forward_intermediates(picture(), intermediates_only=True)[-4:]
        for found, reference in zip(backbone(picture()), expected, strict=True):
            torch.testing.assert_close(found, reference, rtol=1e-3, atol=1e-4)
    torch.save({key: value for key, value in network.state_dict().items() if key != "conv_stem.weight"}, path)
    with pytest.raises(
        UserError, match=r"not the weights of this tf_efficientnet_lite0, 'conv_stem.weight' is missing"
    ):
        TimmBackbone(weights_path=path)
    with pytest.raises(UserError, match=r"timm could not make no_such_network .* check the name"):
        TimmBackbone(architecture="no_such_network")


def test_a_random_backbone_is_its_seed() -> None:
    torch.manual_seed(1)
    first = RandomBackbone(width=4, seed=7)(picture())
    torch.manual_seed(2)
    again, other = RandomBackbone(width=4, seed=7)(picture()), RandomBackbone(width=4, seed=8)(picture())
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])


def test_random_features_neither_fade_nor_explode() -> None:
    with torch.no_grad():
        maps = RandomBackbone()(picture(128))
    assert all(0.05 < m.square().mean() < 5 for m in maps)


def test_random_backbones_tell_strokes_from_smooth_paint() -> None:
    strokes = (torch.arange(64) // 2 % 2 * 2.0 - 1).expand(1, 3, 64, 64)
    smooth = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    with torch.no_grad():
        for stroked, smoothed in zip(*(RandomBackbone(width=8)(image) for image in (strokes, smooth)), strict=True):
            a, b = stroked.mean(dim=(2, 3)), smoothed.mean(dim=(2, 3))
            assert (a - b).norm() / b.norm() > 0.1


# ---------------------------------------------------------------- refusals


def test_a_missing_file_is_named_beside_the_remedies(tmp_path: Path) -> None:
    for make in (TorchvisionBackbone, VGGBackbone):
        with pytest.raises(UserError) as caught:
            make(weights_path=str(tmp_path / "nowhere.pth"))
        message = str(caught.value)
        assert f"model.discriminator.backbone.weights_path: no file {tmp_path / 'nowhere.pth'}" in message
        assert "or take discriminator@model.discriminator=projected_random, which needs none" in message


def test_the_weights_of_another_network_are_refused(files: dict[str, Path]) -> None:
    with pytest.raises(UserError) as caught:
        TorchvisionBackbone(architecture="resnet18", weights_path=str(files["efficientnet_b0"]))
    assert "not the weights of this resnet18, 'conv1.weight' is missing or of another shape" in str(caught.value)
    assert "check model.discriminator.backbone.architecture (efficientnet_b0 or resnet18" in str(caught.value)
    with pytest.raises(UserError, match=r"not the weights of this VGG, 'features.0.weight' is missing") as caught:
        VGGBackbone(weights_path=str(files["resnet18"]))
    assert "check model.discriminator.backbone.architecture (vgg16 or vgg19)" in str(caught.value)


def test_without_a_path_torchvisions_own_weights_are_asked_for(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def download(address: str, target: str, digest: str, *, progress: bool) -> None:
        asked.append(address)
        Path(target).write_bytes(files["resnet18"].read_bytes())

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr(torch.hub, "download_url_to_file", download)
    TorchvisionBackbone(architecture="resnet18")
    assert asked == [torchvision.models.ResNet18_Weights.IMAGENET1K_V1.url]


def test_unknown_architectures_and_layers_are_refused() -> None:
    with pytest.raises(ValueError, match=r"architecture must be one of efficientnet_b0, .*, got 'alexnet'"):
        TorchvisionBackbone(architecture="alexnet")
    with pytest.raises(ValueError, match="architecture must be one of vgg16, vgg19, got 'vgg11'"):
        VGGBackbone(architecture="vgg11")
    for layers in (["relu1_2"], ["relu1_2", "relu3_3", "relu4_3", "relu5_3"], ["a", "b", "c", "d"]):
        with pytest.raises(
            ValueError, match=f"layers must be four of neighbouring blocks, .* got {', '.join(layers)};"
        ):
            VGGBackbone(layers=layers)


def test_timm_is_asked_for_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "timm", None)  # what an import that fails looks like
    with pytest.raises(UserError, match=r"this backbone needs timm; type pip install 'stylegan-pl\[timm\]', or take"):
        TimmBackbone()
