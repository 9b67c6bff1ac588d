"""VGG-16 and VGG-19 as frozen feature networks, truncated at the deepest layer somebody reads."""

import pickle
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from stylegan_pl.errors import UserError, first_line
from stylegan_pl.nn.features import FeatureNetwork, Features
from stylegan_pl.nn.frozen import freeze

_CONVS_PER_BLOCK = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
_IMAGENET_MEAN, _IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class VGG(FeatureNetwork):
    """Activations relu1_1 … relu5_x of an ImageNet VGG (Simonyan and Zisserman, 2015).

    Args:
        architecture: `vgg16` or `vgg19`.
        weights_path: a local file (.pth or .safetensors, torchvision's keys `features.N.weight`) or an http(s) URL
            of one; None downloads torchvision's ImageNet weights into torch's hub cache.

    Raises:
        UserError: the weights can neither be found nor downloaded; the message lists the remedies.
    """

    def __init__(
        self,
        *,
        style_layers: Mapping[str, float],
        content_layers: Mapping[str, float],
        architecture: str = "vgg19",
        weights_path: str | None = None,
    ) -> None:
        super().__init__(style_layers=style_layers, content_layers=content_layers)
        if architecture not in _CONVS_PER_BLOCK:
            raise ValueError(f"architecture must be one of {', '.join(_CONVS_PER_BLOCK)}, got '{architecture}'")
        layers, names = _layers(architecture)
        self._check_taps(list(names.values()))
        deepest = max((index for index, name in names.items() if name in self.taps), default=-1)
        self.names = {index: name for index, name in names.items() if index <= deepest}
        self.layers = nn.Sequential(*layers[: deepest + 1])
        _load(self.layers, _read_weights(architecture, weights_path), source=weights_path or architecture)
        freeze(self.layers)
        mean, std = torch.tensor(_IMAGENET_MEAN), torch.tensor(_IMAGENET_STD)
        # z = ((x + 1) / 2 − mean) / std for x in [-1, 1], as one multiply-add
        self.register_buffer("scale", (0.5 / std).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("shift", ((0.5 - mean) / std).view(1, 3, 1, 1), persistent=False)

    def forward(self, image: Tensor) -> Features:
        """(N, 3, H, W) in [-1, 1] -> `relu{block}_{conv}`: (N, C, H / 2^(block−1), W / 2^(block−1))."""
        x = image * self.get_buffer("scale") + self.get_buffer("shift")
        features: Features = {}
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if self.names.get(index) in self.taps:
                features[self.names[index]] = x
        return features


def _layers(architecture: str) -> tuple[list[nn.Module], dict[int, str]]:
    """torchvision's `features` list, and the name of each ReLU in it by position."""
    layers: list[nn.Module] = []
    names: dict[int, str] = {}
    channels = 3
    for block, convs in enumerate(_CONVS_PER_BLOCK[architecture], start=1):
        width = min(64 * 2 ** (block - 1), 512)
        for conv in range(1, convs + 1):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            names[len(layers) - 1] = f"relu{block}_{conv}"
            channels = width
        layers.append(nn.MaxPool2d(2))
    return layers, names


def _read_weights(architecture: str, weights_path: str | None) -> dict[str, Tensor]:
    if weights_path is not None and not weights_path.startswith(("http://", "https://")):
        return _read_file(Path(weights_path))
    return _read_file(_download(architecture, weights_path or _torchvision_url(architecture)))


def _download(architecture: str, url: str) -> Path:
    """The file behind a URL, in torch's hub cache; fetched once."""
    name = Path(urlsplit(url).path).name
    digest = re.search(r"-([0-9a-f]{8,})\.", name)
    if digest is None:  # torchvision's names end in a hash of the content; others may meet under one name
        name = f"{sha256(url.encode()).hexdigest()[:8]}-{name}"
    cached = Path(torch.hub.get_dir(), "checkpoints", name)
    if cached.is_file():
        return cached
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(cached), digest and digest.group(1), progress=False)
    except (OSError, RuntimeError) as error:
        raise UserError(
            f"{architecture}: the pretrained weights could not be downloaded from {url} ({first_line(error)}); give a "
            "local file with feature_network.weights_path=FILE (.pth or .safetensors), or take "
            "feature_network=random_filters, which needs none"
        ) from error
    return cached


def _torchvision_url(architecture: str) -> str:
    from torchvision.models import get_model_weights  # slow to import, and needed only here

    weights: Any = get_model_weights(architecture)
    return weights.IMAGENET1K_V1.url


def _read_file(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise UserError(
            f"feature_network.weights_path: no file {path}; give a .pth or .safetensors file with torchvision's "
            "VGG keys, or take feature_network=random_filters, which needs none"
        )
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)  # never any code from a weights file
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, SafetensorError) as error:
        raise UserError(
            f"{path}: cannot be read as weights ({first_line(error)}); remove it, or give another file"
        ) from error


def _load(layers: nn.Sequential, weights: dict[str, Tensor], *, source: str) -> None:
    wanted = layers.state_dict()
    found = {key: weights[f"features.{key}"] for key in wanted if f"features.{key}" in weights}
    wrong = [key for key in wanted if key not in found or found[key].shape != wanted[key].shape]
    if wrong:
        raise UserError(
            f"{source}: not the weights of this VGG, 'features.{wrong[0]}' is missing or of another shape; "
            "check feature_network.architecture (vgg16 or vgg19)"
        )
    layers.load_state_dict({key: value.float() for key, value in found.items()})
