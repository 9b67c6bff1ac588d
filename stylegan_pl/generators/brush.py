"""A network that paints with a brush: it decides on colours and on how strokes are laid, not where each hair goes."""

from collections.abc import Sequence
from math import lcm

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from stylegan_pl.generators.chain import CHANGE, ChainGenerator, changed_photograph, residual_taps
from stylegan_pl.nn.layers.blocks import ResidualBlock, conv_norm_relu
from stylegan_pl.nn.layers.brush import Brush
from stylegan_pl.nn.layers.init import Init, init_he
from stylegan_pl.nn.layers.luma import luma
from stylegan_pl.nn.layers.replicate import replicated

_MOST = 3.0  # of a stroke in a colour; without a limit, dark and light spots stand where structure is not lost by them
_REACH = 3  # pixels of the mixture: half the side of the filter that smooths it
_COLOURS = 5  # inputs of a pixel's mixture besides strokes: detail, red, green, blue, and 1


class BrushGenerator(ChainGenerator):
    """tanh(atanh(0.97 S x) + f(x) · [10 Y(x − S x), S x, 1, n(x)] / 10): f mixes each pixel's colour.

    S x is the photograph, smeared along its contours; n are strokes that follow them (`Brush`); Y is luma. The network,
    Johnson's encoder and residual blocks, works at a quarter of the resolution; its output is smoothed and enlarged.
    For each pixel it decides how much of the photograph's detail is kept, how the colour changes, by an affine map (as
    in Gharbi et al., "Deep Bilateral Learning", 2017, so that contours stay sharp), and how much of each stroke is seen
    in which colour, within ±3. So it cannot draw fine patterns of its own: no grid, no echoes of contours in skies.
    Detail is of light alone, because photographs have more fine differences of colour than paintings do. 0.41 M
    parameters.

    At first f is nearly constant: the smeared photograph under faint grey strokes. Sides are multiples of 4; taps as in
    `ResNetGenerator`.

    >>> import torch
    >>> from stylegan_pl.generators.brush import BrushGenerator
    >>> BrushGenerator(blocks=1, width=8)(torch.zeros(1, 3, 64, 48)).shape
    torch.Size([1, 3, 64, 48])

    Args:
        blocks: residual blocks.
        width: channels of the first layer; four times as many at a quarter of the resolution.
        lengths, smear, period: pixels; see `Brush`.
        init: draws the initial weights of the convolutions before the last.

    Raises:
        ValueError: there is no block, or `Brush` cannot be made.
    """

    stride = 4

    def __init__(
        self,
        *,
        blocks: int = 5,
        width: int = 16,
        lengths: Sequence[float] = (4.0, 6.0, 8.0, 12.0),
        smear: float = 1.5,
        period: int = 128,
        init: Init = init_he,
    ) -> None:
        stem = conv_norm_relu(3, width, 9, affine=True)
        halving = conv_norm_relu(width, 2 * width, 3, stride=2, affine=True)
        quartering = conv_norm_relu(2 * width, 4 * width, 3, stride=2, affine=True)
        inputs = _COLOURS + len(lengths)
        mixture = nn.Conv2d(4 * width, 3 * inputs, 3, padding=1, padding_mode="reflect")
        layers = nn.Sequential(
            *stem,
            *halving,
            *quartering,
            *(ResidualBlock(4 * width, affine=True) for _ in range(blocks)),
            mixture,
        )
        steps = len(stem), len(halving), len(quartering)
        super().__init__(layers, residual_taps(*steps, channels=(2 * width, 4 * width), blocks=blocks), residual=True)
        self.brush = Brush(lengths=lengths, smear=smear, period=period)
        self.grid = lcm(self.stride, period)
        init(self)
        assert mixture.bias is not None
        with torch.no_grad():
            mixture.weight.div_(10)
            mixture.bias.unflatten(0, (3, -1))[:, _COLOURS:] = 1 / len(lengths)

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of 4 -> the same shape and range."""
        smeared, strokes = self.brush(content)
        detail = luma(content - smeared) / CHANGE
        inputs = torch.cat([detail, smeared, torch.ones_like(detail), strokes], dim=1)
        mixture = interpolate(_smooth(self.layers(content)), size=content.shape[-2:], mode="bilinear")
        # one colour after the other: all at once would take three times the memory
        changes = [(_limited(amounts) * inputs).sum(dim=1) for amounts in mixture.unflatten(1, (3, -1)).unbind(dim=1)]
        return changed_photograph(smeared, CHANGE * torch.stack(changes, dim=1))


def _smooth(mixture: Tensor) -> Tensor:
    """A binomial filter of 7 × 7: a network that changes its mind from pixel to pixel would leave dots and a grid."""
    mixture = replicated(mixture, _REACH)
    for _ in range(2 * _REACH):
        mixture = avg_pool2d(mixture, 2, stride=1)
    return mixture


def _limited(amounts: Tensor) -> Tensor:
    """Amounts of strokes within ±`_MOST`; small ones, and the colours before them, stay as they are."""
    colours, strokes = amounts[:, :_COLOURS], amounts[:, _COLOURS:]
    return torch.cat([colours, _MOST * torch.tanh(strokes / _MOST)], dim=1)
