"""Small random networks that stand where metrics look through large pretrained ones, and pictures to look at."""

from collections.abc import Mapping
from typing import Any

import torch
from hydra.utils import get_class, instantiate
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from stylegan_pl.metrics.features import SetFeatures
from stylegan_pl.metrics.kinds import ClipMetric, PictureMetric, SetMetric
from stylegan_pl.nn.layers.features import FeatureNetwork, Features
from stylegan_pl.nn.pretrained.frozen import freeze


def random_convs(names: list[str], *, channels: int, seed: int) -> nn.ModuleDict:
    random = torch.Generator().manual_seed(seed)
    convs = nn.ModuleDict({name: nn.Conv2d(3, channels, 3) for name in names})
    with torch.no_grad():
        for parameter in convs.parameters():
            parameter.normal_(0, 0.5, generator=random)
    return convs


class AnyLayers(FeatureNetwork):
    """Of any layer's name a convolution of the half-sized picture; in the place of VGG."""

    def __init__(
        self,
        *,
        style_layers: Mapping[str, float],
        content_layers: Mapping[str, float],
        seed: int = 0,
        pooling: str = "max",
    ) -> None:
        super().__init__(style_layers=style_layers, content_layers=content_layers)
        self.convs = freeze(random_convs(self.taps, channels=4, seed=seed))

    def forward(self, image: Tensor) -> Features:
        return {name: conv(avg_pool2d(image, 2)).relu() for name, conv in self.convs.items()}


class SmallVector(SetFeatures):
    """Five numbers a picture; in the place of Inception."""

    resize = "to nothing"
    layers = "mean"

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        self.convs = freeze(random_convs(["only"], channels=5, seed=seed))

    def forward(self, images: Tensor) -> Tensor:
        return self.convs["only"](images).relu().mean(dim=(2, 3))


class SmallDistance(nn.Module):
    """In the place of LPIPS's network."""

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        self.convs = freeze(random_convs(["only"], channels=5, seed=seed))

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        return (self.convs["only"](a) - self.convs["only"](b)).square().mean(dim=(1, 2, 3))


class SmallKeys(nn.Module):
    """In the place of DINO."""

    resize = "to nothing"

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        self.convs = freeze(random_convs(["only"], channels=6, seed=seed))

    def forward(self, images: Tensor) -> Tensor:
        return self.convs["only"](avg_pool2d(images, 4)).flatten(2).transpose(1, 2)


IN_PLACE_OF = {
    "stylegan_pl.nn.pretrained.vgg.VGG": AnyLayers,
    "stylegan_pl.metrics.inception.CleanInception": SmallVector,
    "stylegan_pl.metrics.inception.LegacyInception": SmallVector,
    "stylegan_pl.nn.pretrained.perceptual_distance.PerceptualDistance": SmallDistance,
    "stylegan_pl.nn.pretrained.vit_keys.ViTKeys": SmallKeys,
}
SMALLER = {"patches": 512, "directions": 16}  # of sliced Wasserstein, for speed


def build(node: dict[str, Any], *, seed: int = 0) -> PictureMetric:
    """A metric from its node in conf/metric, with small networks of random weights."""
    return instantiate(_replaced(node, seed), _convert_="all")


def _replaced(node: dict[str, Any], seed: int) -> dict[str, Any]:
    new = {key: _replaced(value, seed) if isinstance(value, dict) else SMALLER.get(key, value)
           for key, value in node.items()}  # fmt: skip
    stand_in = IN_PLACE_OF.get(str(node.get("_target_")))
    if stand_in is not None:
        new = {key: value for key, value in new.items() if key not in ("architecture", "weights_path")}
        new |= {"_target_": f"{stand_in.__module__}.{stand_in.__qualname__}", "seed": seed}
    return new


def kind_of(node: dict[str, Any]) -> type[PictureMetric]:
    return get_class(node["_target_"])


def looks_through_a_network(node: dict[str, Any]) -> bool:
    return any(isinstance(value, dict) for value in node.values())


def pictures(n: int, *, seed: int) -> Tensor:
    return torch.rand(n, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1


PAINTINGS, STYLISED, CONTENT = pictures(8, seed=0), pictures(7, seed=1) * 0.9 + 0.1, pictures(7, seed=2)


def add(metric: PictureMetric, paintings: slice | list[int], stylised: slice | list[int]) -> None:
    """A share of the pictures, as whoever scores adds them."""
    if isinstance(metric, SetMetric):
        metric.add_paintings(PAINTINGS[paintings])
    metric.add_stylised(STYLISED[stylised], CONTENT[stylised])


def whole(node: dict[str, Any], *, seed: int = 0) -> PictureMetric:
    metric = build(node, seed=seed)
    add(metric, slice(None), slice(None))
    return metric


def is_clip(node: dict[str, Any]) -> bool:
    return issubclass(kind_of(node), ClipMetric)


def is_set(node: dict[str, Any]) -> bool:
    return issubclass(kind_of(node), SetMetric)
