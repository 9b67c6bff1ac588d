"""A discriminator that sees what perceptual losses see: heads on layers of the frozen feature network."""

from collections.abc import Mapping, Sequence

from torch import nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.layers.discriminator import Heads
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.spectral_norm import add_spectral_norm


class FeatureHeads(nn.Module):
    """On each layer a small patch discriminator: 1×1, leaky ReLU, 3×3, leaky ReLU, 1×1 to logits.

    The features are those that image losses have computed of the same pictures (Li and Wand's MGAN, 2016, so judges
    relu3_1; Sauer et al., 2021, several layers), so that a step costs one look through the network more, of the
    paintings. A head on an early layer sees a stroke, one on a late layer a part of an object.

    Args:
        widths: layer -> channels, of the feature network; the model gives them.
        layers: those that have a head.
        width: channels of a head.
        spectral_norm: whether every convolution has a largest singular value of 1.
        init: draws the first weights.

    Raises:
        ConfigError: the network has no such layer, or none that losses read.
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
        """Layers (N, C, h, w) -> logits (N, 1, h − 2, w − 2), one of each head."""
        return [head(features[layer]) for layer, head in zip(self.layers, self.heads, strict=True)]
