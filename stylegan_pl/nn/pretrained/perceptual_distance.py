"""LPIPS: a distance of two pictures that was trained on human judgements, on top of an ImageNet network."""

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.imagenet import ImageNetInput
from stylegan_pl.nn.pretrained.wanted import pretrained_wanted
from stylegan_pl.nn.pretrained.weights import Remedy, load_weights, read_file, read_weights

_TAPS = {  # ReLUs in torchvision's `features`, by position
    "alexnet": (1, 4, 7, 9, 11),
    "vgg16": (3, 8, 15, 22, 29),
    "squeezenet1_1": (1, 4, 7, 9, 10, 11, 12),
}
_CHANNELS = {
    "alexnet": (64, 192, 384, 256, 256),
    "vgg16": (64, 128, 256, 512, 512),
    "squeezenet1_1": (64, 128, 256, 384, 384, 512, 512),
}
_LINEAR = {"alexnet": "alex", "vgg16": "vgg", "squeezenet1_1": "squeeze"}  # torchmetrics' names of its files


class PerceptualDistance(nn.Module):
    """Zhang et al. (2018), version 0.1: Σ_l mean over positions of w_l · (F̂_l(a) − F̂_l(b))².

    F̂_l are the features of layer l, divided by their norm over channels.

    The w_l are included in torchmetrics; the frozen network is torchvision's. With other weights of that network, the
    distance is not comparable with published LPIPS.

    Args:
        architecture: `alexnet`, as in most papers; `vgg16` or `squeezenet1_1`.
        weights_path: a local file (.pth or .safetensors, torchvision's keys `features.N.weight`) or an http(s) URL of
            one; None downloads torchvision's ImageNet weights into torch's hub cache.

    Raises:
        ValueError: the architecture is another one.
        ConfigError: the weights can neither be found nor downloaded; the message lists the remedies.
    """

    remedy = Remedy("metric.NAME.network", "LPIPS backbone", " or ".join(_TAPS), "metric=[ssim]")

    def __init__(self, *, architecture: str = "alexnet", weights_path: str | None = None) -> None:
        super().__init__()
        if architecture not in _TAPS:
            raise ValueError(f"architecture must be one of {', '.join(_TAPS)}, got '{architecture}'")
        self.taps = _TAPS[architecture]
        layers = _layers(architecture)[: self.taps[-1] + 1]
        self.linear = nn.ParameterList(torch.full((1, c, 1, 1), 1.0 / c) for c in _CHANNELS[architecture])
        if pretrained_wanted():
            weights = read_weights(architecture, weights_path, self.remedy)
            load_weights(layers, weights, self.remedy, source=weights_path or architecture, prefix="features.")
            learned = read_file(_linear_weights(_LINEAR[architecture]), self.remedy)
            for level, weight in enumerate(self.linear):
                weight.data.copy_(learned[f"lin{level}.model.1.weight"])
        self.layers = layers
        freeze(self)
        self.normalise = ImageNetInput()  # equal to LPIPS's own shift and scale for [-1, 1]

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] each -> (N,)."""
        total = a.new_zeros(len(a))
        for weight, of_a, of_b in zip(self.linear, self._features(a), self._features(b), strict=True):
            total = total + (weight * (of_a - of_b).square()).sum(dim=1).mean(dim=(1, 2))
        return total

    def _features(self, image: Tensor) -> list[Tensor]:
        x, found = self.normalise(image), []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in self.taps:
                found.append(normalize(x, dim=1, eps=1e-10))
        return found

    def train(self, mode: bool = True) -> "PerceptualDistance":
        """Frozen: stays in eval mode when its parent trains."""
        return super().train(False)


def _layers(architecture: str) -> nn.Sequential:
    """torchvision's `features` without in-place layers, randomly initialised; the large classifier is not built."""
    from torchvision.models import get_model  # slow to import, and needed only here

    device = torch.get_default_device()
    with torch.device("meta"):
        layers: nn.Sequential = get_model(architecture, weights=None).features
    layers.to_empty(device=device)
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            layer.reset_parameters()
        if isinstance(layer, nn.ReLU):
            layer.inplace = False  # the previous layer's output is needed, too
    return layers


def _linear_weights(name: str) -> Path:
    import torchmetrics

    path = Path(str(torchmetrics.__file__)).parent / f"functional/image/lpips_models/{name}.pth"
    if not path.is_file():
        raise ConfigError(f"{path}: this torchmetrics has no LPIPS weights; type pip install 'torchmetrics>=1.4'")
    return path
