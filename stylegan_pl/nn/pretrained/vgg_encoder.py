"""VGG as the frozen encoder of a generator, whose weights are saved in the generator's checkpoints."""

from collections.abc import Sequence

from torch import Tensor, nn

from stylegan_pl.nn.layers.encoder import Encoder
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.taps import Tap, read_taps
from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.vgg import VGG

_STYLE_LAYERS = ("relu1_1", "relu2_1", "relu3_1", "relu4_1")


class VGGEncoder(Encoder):
    """An ImageNet VGG up to its deepest layer of `layers`, frozen.

    Unlike a feature network's, its weights are in the state_dict, because a trained generator needs them.

    Args:
        layers: the taps, shallow to deep; the last is the bottleneck (AdaIN: relu4_1, stride 8).
        architecture: `vgg16` or `vgg19`.
        weights_path: see `VGG`.

    Raises:
        ValueError: `layers` is empty, or a layer does not exist.
        ConfigError: the weights can neither be found nor downloaded.
    """

    def __init__(
        self,
        *,
        layers: Sequence[str] = _STYLE_LAYERS,
        architecture: str = "vgg19",
        weights_path: str | None = None,
    ) -> None:
        super().__init__()
        if not layers:
            raise ValueError(f"layers must name at least one layer, got none; try {list(_STYLE_LAYERS)}")
        wanted = dict.fromkeys(layers, 1.0)
        self.network = _GeneratorsVGG(
            style_layers={}, content_layers=wanted, architecture=architecture, weights_path=weights_path
        )
        freeze(self.network, persistent=True)
        self._taps = _find_taps(self.network, layers)
        self.stride = 2 ** sum(isinstance(layer, nn.MaxPool2d) for layer in self.network.layers)

    @property
    def taps(self) -> dict[str, int]:
        """Layer -> channels."""
        return {name: tap.channels for name, tap in self._taps.items()}

    def forward(self, image: Tensor, layers: Sequence[str]) -> Features:
        """(N, 3, H, W) in [-1, 1] -> `relu{block}_{conv}`: (N, C, H / 2^(block−1), W / 2^(block−1))."""
        return read_taps(self.network.layers, self.network.normalise(image), self._taps, layers)


class _GeneratorsVGG(VGG):
    remedy = VGG.remedy._replace(place="model.generator.encoder", instead="model=adain_scratch")


def _find_taps(network: VGG, wanted: Sequence[str]) -> dict[str, Tap]:
    """Wanted layer -> its depth and channels."""
    depths = {name: index + 1 for index, name in network.names.items()}
    taps = {}
    for name in sorted(wanted, key=lambda layer: depths[layer]):
        convolution = network.layers[depths[name] - 2]  # the convolution before the ReLU
        assert isinstance(convolution, nn.Conv2d)
        taps[name] = Tap(depths[name], convolution.out_channels)
    return taps
