"""A discriminator on the layers of the frozen feature network that perceptual losses use."""

from collections.abc import Mapping, Sequence

from torch import nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.layers.discriminator import Heads
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.spectral_norm import add_spectral_norm


class FeatureHeads(nn.Module):
    """A small patch discriminator on each layer: 1×1, leaky ReLU, 3×3, leaky ReLU, 1×1 to logits.

    Image losses have already computed the features of the stylised pictures, so a step needs only one more forward
    pass, of the paintings. MGAN (Li and Wand, 2016) uses relu3_1 in this way; Sauer et al. (2021) use several layers. A
    head on an early layer sees strokes, one on a late layer parts of objects.

    Args:
        widths: layer -> channels of the feature network; passed by the model.
        layers: layers that get a head.
        width: channels of a head.
        spectral_norm: whether every convolution has a largest singular value of 1.
        init: draws the first weights.

    Raises:
        ConfigError: the network has no such layer, or no loss uses any layer.
    """

    def __init__(
        self,
        widths: Mapping[str, int],
        *,
        layers: Sequence[str],
        width: int = 64,
        spectral_norm: bool = True,
        init: Init = init_normal,
    ) -> None:
        super().__init__()
        unknown = [layer for layer in layers if layer not in widths]
        if unknown or not layers:
            raise ConfigError(
                f"model.feature_heads.layers={list(layers)}: the feature network gives {', '.join(widths)}; type some "
                "of these, or name more in feature_network.style_layers"
            )
        self.layers = list(layers)
        self.heads = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(widths[layer], width, 1),
                nn.LeakyReLU(0.2),
                nn.Conv2d(width, width, 3),
                nn.LeakyReLU(0.2),
                nn.Conv2d(width, 1, 1),
            )
            for layer in layers
        )
        init(self)
        if spectral_norm:
            add_spectral_norm(self)

    def forward(self, features: Features) -> Heads:
        """Layer -> features (N, C, h, w); returns logits (N, 1, h − 2, w − 2) of each head."""
        return [head(features[layer]) for layer, head in zip(self.layers, self.heads, strict=True)]
