"""VGG-16 and VGG-19 as frozen feature networks, truncated at the deepest layer that is used."""

from collections.abc import Mapping

from torch import Tensor, nn

from stylegan_pl.nn.layers.features import FeatureNetwork, Features
from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.imagenet import ImageNetInput
from stylegan_pl.nn.pretrained.wanted import pretrained_wanted
from stylegan_pl.nn.pretrained.weights import Remedy, load_weights, read_weights

_POOLINGS: dict[str, type[nn.Module]] = {"max": nn.MaxPool2d, "average": nn.AvgPool2d}
_CONVS_PER_BLOCK = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}


class VGG(FeatureNetwork):
    """Features relu1_1 … relu5_x of an ImageNet VGG (Simonyan and Zisserman, 2015).

    Within `without_pretrained()`, weights are not loaded.

    Args:
        architecture: `vgg16` or `vgg19`.
        weights_path: a local file (.pth or .safetensors, torchvision's keys `features.N.weight`) or an http(s) URL
            of one; None downloads torchvision's ImageNet weights into torch's hub cache.
        pooling: `max`, as in training; or `average`, which gives smoother pictures (Gatys et al.).

    Raises:
        ValueError: the architecture, the pooling or a layer does not exist.
        ConfigError: the weights can neither be found nor downloaded; the message lists the remedies.
    """

    remedy = Remedy("feature_network", "VGG", " or ".join(_CONVS_PER_BLOCK), "feature_network=random_filters")

    def __init__(
        self,
        *,
        style_layers: Mapping[str, float],
        content_layers: Mapping[str, float],
        architecture: str = "vgg19",
        weights_path: str | None = None,
        pooling: str = "max",
    ) -> None:
        super().__init__(style_layers=style_layers, content_layers=content_layers)
        if architecture not in _CONVS_PER_BLOCK:
            raise ValueError(f"architecture must be one of {', '.join(_CONVS_PER_BLOCK)}, got '{architecture}'")
        if pooling not in _POOLINGS:
            raise ValueError(f"pooling must be one of {', '.join(_POOLINGS)}, got '{pooling}'")
        layers, names = _layers(architecture, _POOLINGS[pooling])
        self._check_taps(list(names.values()))
        deepest = max((index for index, name in names.items() if name in self.taps), default=-1)
        self.names = {index: name for index, name in names.items() if index <= deepest}
        self.layers = nn.Sequential(*layers[: deepest + 1])
        if pretrained_wanted():
            weights = read_weights(architecture, weights_path, self.remedy)
            load_weights(self.layers, weights, self.remedy, source=weights_path or architecture, prefix="features.")
        freeze(self.layers)
        self.normalise = ImageNetInput()

    @property
    def widths(self) -> dict[str, int]:
        """Layer -> channels: 64 in the first block, doubled in each next block, up to 512."""
        return {tap: _block_width(int(tap[len("relu")])) for tap in self.taps}

    def forward(self, image: Tensor) -> Features:
        """(N, 3, H, W) in [-1, 1] -> `relu{block}_{conv}`: (N, C, H / 2^(block−1), W / 2^(block−1))."""
        x = self.normalise(image)
        features: Features = {}
        deepest = max((index for index, name in self.names.items() if name in self.taps), default=-1)
        for index, layer in enumerate(self.layers):
            if index > deepest:
                break
            x = layer(x)
            if self.names.get(index) in self.taps:
                features[self.names[index]] = x
        return features


def _block_width(block: int) -> int:
    return min(64 * 2 ** (block - 1), 512)


def _layers(architecture: str, pooling: type[nn.Module]) -> tuple[list[nn.Module], dict[int, str]]:
    """torchvision's list `features`, and position -> name of each ReLU."""
    layers: list[nn.Module] = []
    names: dict[int, str] = {}
    channels = 3
    for block, convs in enumerate(_CONVS_PER_BLOCK[architecture], start=1):
        width = _block_width(block)
        for conv in range(1, convs + 1):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            names[len(layers) - 1] = f"relu{block}_{conv}"
            channels = width
        layers.append(pooling(2))
    return layers, names
