"""One network for every style: AdaIN between an encoder and a decoder (Huang and Belongie, 2017)."""

from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor

from stylegan_pl.nn.layers.adain import Statistics, channel_statistics, restyle
from stylegan_pl.nn.layers.decoders import Decoder, MirrorDecoder
from stylegan_pl.nn.layers.encoder import Encoder
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.generator import Generator
from stylegan_pl.nn.layers.init import Init, init_normal


class Stylised(NamedTuple):
    """A stylised picture and the decoder's input, both with gradients."""

    picture: Tensor  # G(x, y), (N, 3, H, W) in [-1, 1]
    target: Tensor  # t, (N, C, H / stride, W / stride); the paper's content loss is ‖f(G(x, y)) − t‖


class AdaINGenerator(Generator):
    """G(x, y) = g(t), t = α · AdaIN(f(x), f(y)) + (1 − α) · f(x), with f the encoder and g the decoder.

    The style is an input: any painting, also one that was not in training. With VGG-19 up to relu4_1 and the mirrored
    decoder, 3,505,219 parameters are trained. `init` initialises only trained weights. Both images need more than one
    position at the bottleneck, so sides of `stride` pixels are too small.

    Args:
        encoder: f; frozen, or trained with the decoder.
        decoder: builds g from the channels of the bottleneck.
        init: draws the initial weights.

    Raises:
        ValueError: the decoder does not enlarge by the encoder's stride.
    """

    takes_style = True

    def __init__(self, *, encoder: Encoder, decoder: Decoder = MirrorDecoder, init: Init = init_normal) -> None:
        super().__init__()
        self.stride = encoder.stride
        self.encoder = encoder
        self.decoder = decoder(encoder.taps[encoder.bottleneck])
        scale = getattr(self.decoder, "scale", self.stride)
        if scale != self.stride:
            raise ValueError(
                f"the encoder's {encoder.bottleneck} is at 1/{self.stride} of the resolution and "
                f"{type(self.decoder).__name__} enlarges {scale} times; choose layers or a decoder that fit"
            )
        init(self)

    def forward(self, content: Tensor, style: Tensor, strength: float = 1.0) -> Tensor:
        """Paint the content in the style: (N, 3, H, W) in [-1, 1].

        Args:
            content: (N, 3, H, W) in [-1, 1], sides multiples of `stride`.
            style: (N, 3, h, w) in [-1, 1], sides multiples of `stride`; N = 1: the same style for all contents.
            strength: α in [0, 1]; 0 reconstructs the content, 1 is full style.
        """
        return self.decode_with(content, self.statistics(style), strength)

    def paint(self, content: Tensor, style: Tensor, strength: float = 1.0) -> Stylised:
        """Like `forward`, but also returns t, for training."""
        target = _target(self._bottleneck(content), self.statistics(style), strength)
        return Stylised(self.decoder(target), target)

    def statistics(self, style: Tensor) -> Statistics:
        """Mean and standard deviation of each channel of f(style), (N, C, 1, 1): all that AdaIN uses of a painting.

        Styles are mixed by averaging their statistics: with Σ w = 1, Σ_k w_k · AdaIN(f(x), f(y_k)) is AdaIN with the
        averages.
        """
        return channel_statistics(self._bottleneck(style))

    def decode_with(self, content: Tensor, statistics: Statistics, strength: float = 1.0) -> Tensor:
        """Paint with given statistics, for example of several paintings; shapes as in `forward`."""
        return self.decoder(_target(self._bottleneck(content), statistics, strength))

    @property
    def taps(self) -> dict[str, int]:
        """Tap -> channels; the taps are the encoder's."""
        return self.encoder.taps

    def encode(self, image: Tensor, layers: Sequence[str]) -> Features:
        """The encoder's features at these taps, (N, C, h, w) each."""
        return self.encoder(image, layers)

    def _bottleneck(self, image: Tensor) -> Tensor:
        name = self.encoder.bottleneck
        return self.encode(image, [name])[name]


def _target(content_features: Tensor, style: Statistics, strength: float) -> Tensor:
    return strength * restyle(content_features, style) + (1 - strength) * content_features
