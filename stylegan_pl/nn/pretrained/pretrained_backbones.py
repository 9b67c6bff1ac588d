"""Backbones trained on ImageNet: VGG, networks of torchvision, networks of timm."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from torch import Tensor, nn

from stylegan_pl.errors import ConfigError, first_line
from stylegan_pl.nn.pretrained.backbone import MAPS, Backbone, run_stages
from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.imagenet import ImageNetInput
from stylegan_pl.nn.pretrained.vgg import VGG
from stylegan_pl.nn.pretrained.wanted import pretrained_wanted
from stylegan_pl.nn.pretrained.weights import Remedy, load_weights, read_file, read_weights

_PLACE = "model.discriminator.backbone"
_INSTEAD = "discriminator@model.discriminator=projected_random"


class _VGG(VGG):
    """VGG whose error messages name the backbone's place in the config."""

    remedy = VGG.remedy._replace(place=_PLACE, instead=_INSTEAD)


class VGGBackbone(Backbone):
    """Four layers of VGG-16 or VGG-19 (Simonyan and Zisserman, 2015), from full resolution on, so it sees strokes.

    It uses the same weight file as perceptual losses.

    Args:
        architecture: `vgg16` or `vgg19`.
        weights_path: see `nn.pretrained.vgg.VGG`.
        layers: four of relu1_1 … relu5_x, from neighbouring blocks, fine to coarse.
    """

    def __init__(
        self,
        *,
        architecture: str = "vgg16",
        weights_path: str | None = None,
        layers: Sequence[str] = ("relu1_2", "relu2_2", "relu3_3", "relu4_3"),
    ) -> None:
        blocks = [int(layer[4:5]) if layer[4:5].isdigit() else 0 for layer in layers]  # relu3_1 -> 3
        if len(blocks) != MAPS or any(after != before + 1 for before, after in pairwise(blocks)):
            raise ValueError(
                f"layers must be four of neighbouring blocks, fine to coarse, got {', '.join(layers)}; "
                "try relu2_2, relu3_3, relu4_3, relu5_3"
            )
        super().__init__(
            channels=[min(64 * 2 ** (block - 1), 512) for block in blocks],
            strides=[2 ** (block - 1) for block in blocks],
        )
        self.layers = list(layers)
        taps = dict.fromkeys(layers, 1.0)
        self.vgg = _VGG(style_layers=taps, content_layers={}, architecture=architecture, weights_path=weights_path)

    def forward(self, image: Tensor) -> list[Tensor]:
        """See `Backbone`."""
        features = self.vgg(image)
        return [features[layer] for layer in self.layers]


class _Pyramid(NamedTuple):
    """The stages of a torchvision network that end at strides 4, 8, 16 and 32, and their channels."""

    stages: Callable[[Any], list[nn.Module]]
    channels: list[int]


def _efficientnet_stages(network: Any) -> list[nn.Module]:
    blocks = network.features
    return [blocks[:3], blocks[3:4], blocks[4:6], blocks[6:8]]


def _resnet_stages(network: Any) -> list[nn.Module]:
    stem = nn.Sequential(network.conv1, network.bn1, network.relu, network.maxpool, network.layer1)
    return [stem, network.layer2, network.layer3, network.layer4]


_PYRAMIDS = {
    "efficientnet_b0": _Pyramid(_efficientnet_stages, [24, 40, 112, 320]),
    "resnet18": _Pyramid(_resnet_stages, [64, 128, 256, 512]),
    "resnet50": _Pyramid(_resnet_stages, [256, 512, 1024, 2048]),
}


class TorchvisionBackbone(Backbone):
    """EfficientNet-B0 (Tan and Le, 2019) or a ResNet (He et al., 2016), batch norm as trained.

    EfficientNets had Projected GAN's best scores; its default, the Lite variant, is in timm.

    Args:
        architecture: `efficientnet_b0`, `resnet18` or `resnet50`.
        weights_path: a local file (.pth or .safetensors, torchvision's keys) or an http(s) URL of one; None downloads
            torchvision's ImageNet weights into torch's hub cache.

    Raises:
        ConfigError: the weights can neither be found nor downloaded; the message lists the remedies.
    """

    def __init__(self, *, architecture: str = "efficientnet_b0", weights_path: str | None = None) -> None:
        if architecture not in _PYRAMIDS:
            raise ValueError(f"architecture must be one of {', '.join(_PYRAMIDS)}, got '{architecture}'")
        from torchvision.models import get_model  # slow to import, and needed only here

        pyramid, network = _PYRAMIDS[architecture], get_model(architecture, weights=None)
        super().__init__(channels=pyramid.channels, strides=[4, 8, 16, 32])
        stages = nn.ModuleList(pyramid.stages(network))
        network.fc = network.classifier = nn.Identity()  # not used, so a file may lack its weights
        if pretrained_wanted():
            remedy = Remedy(_PLACE, architecture, " or ".join(_PYRAMIDS), _INSTEAD)
            weights = read_weights(architecture, weights_path, remedy)
            load_weights(network, weights, remedy, source=weights_path or architecture)
        self.stages = freeze(stages)
        self.normalise = ImageNetInput()

    def forward(self, image: Tensor) -> list[Tensor]:
        """See `Backbone`."""
        return run_stages(self.stages.children(), self.normalise(image))


class TimmBackbone(Backbone):
    """The last four maps of a network of timm, such as Projected GAN's own EfficientNet-Lite0.

    Args:
        architecture: timm's name.
        weights_path: a local file (.pth or .safetensors, timm's keys); None downloads timm's.

    Raises:
        ConfigError: timm is not installed, has no such network, or finds no weights for it.
    """

    def __init__(self, *, architecture: str = "tf_efficientnet_lite0", weights_path: str | None = None) -> None:
        network = _timm_network(architecture, weights_path)
        info = network.feature_info
        super().__init__(channels=info.channels()[-MAPS:], strides=info.reduction()[-MAPS:])
        self.network = freeze(network)
        trained_with = network.pretrained_cfg  # some networks, such as the default, were trained with other means
        self.normalise = ImageNetInput(mean=trained_with["mean"], std=trained_with["std"])

    def forward(self, image: Tensor) -> list[Tensor]:
        """See `Backbone`."""
        return self.network(self.normalise(image))[-MAPS:]


def _timm_network(architecture: str, weights_path: str | None) -> Any:
    try:
        import timm  # imported here, because it is an optional package
    except ImportError as error:
        raise ConfigError(
            f"{_PLACE}: this backbone needs timm; type pip install 'stylegan-pl[timm]', or take {_INSTEAD}"
        ) from error
    if not pretrained_wanted() and not timm.is_model(architecture):  # `hf-hub:…` would need a connection
        raise ConfigError(f"{_PLACE}.architecture: timm itself has no network '{architecture}'; check the name")
    options: dict[str, Any] = {"pretrained": pretrained_wanted()}
    try:
        if weights_path is not None and pretrained_wanted():
            remedy = Remedy(_PLACE, architecture, architecture, _INSTEAD, library="timm")
            weights = read_file(Path(weights_path), remedy)
            # checked here, because timm accepts a file without some keys
            load_weights(timm.create_model(architecture), weights, remedy, source=weights_path)
            options["pretrained_cfg_overlay"] = {"state_dict": weights}
        return timm.create_model(architecture, features_only=True, **options)
    except (OSError, RuntimeError, KeyError) as error:
        raise ConfigError(
            f"{_PLACE}: timm could not make {architecture} with its weights ({first_line(error)}); check the name, "
            f"give a file with {_PLACE}.weights_path=FILE, or take {_INSTEAD}"
        ) from error
