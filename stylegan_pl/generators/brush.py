"""A network that paints with a brush: it decides on colours and on how strokes are laid, not where each hair goes."""

from collections.abc import Sequence
from math import lcm

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate, pad

from stylegan_pl.generators.chain import CHANGE, ChainGenerator, changed_photograph, residual_taps
from stylegan_pl.nn.layers.blocks import ResidualBlock, conv_norm_relu
from stylegan_pl.nn.layers.brush import Brush
from stylegan_pl.nn.layers.init import Init, init_he

_MOST = 3.0  # of a stroke in a colour; without a limit, dark and light spots stand where structure is not lost by them
_COLOURS = 5  # inputs of a pixel's mixture besides strokes: detail, red, green, blue, and 1


class BrushGenerator(ChainGenerator):
    """tanh(atanh(0.97 S x) + f(x) · [10 (x − S x), S x, 1, n(x)] / 10): f mixes each pixel's colour. 0.41 M parameters.

    S x is the photograph, smeared along its contours; n are strokes that follow them (`Brush`). The network, Johnson's
    encoder and residual blocks, works at a quarter of the resolution; its output is smoothed and enlarged. For each
    pixel it decides how much of the photograph's detail is kept, how the colour changes, by an affine map (as in Gharbi
    et al., "Deep Bilateral Learning", 2017, so that contours stay sharp), and how much of each stroke is seen in which
    colour, within ±3. So it cannot draw fine patterns of its own: no grid, no echoes of contours in skies.

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
        lengths: Sequence[float] = (4.0, 4.0, 8.0, 8.0),
        smear: float = 1.5,
        period: int = 64,
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
        detail = (content - smeared) / CHANGE
        others = torch.cat([torch.ones_like(smeared[:, :1]), strokes], dim=1)
        mixture = interpolate(_smooth(self.layers(content)), size=content.shape[-2:], mode="bilinear")
        # one colour after the other: all at once would take three times the memory
        changes = [
            (_limited(amounts) * torch.cat([detail[:, colour : colour + 1], smeared, others], dim=1)).sum(dim=1)
            for colour, amounts in enumerate(mixture.unflatten(1, (3, -1)).unbind(dim=1))
        ]
        return changed_photograph(smeared, CHANGE * torch.stack(changes, dim=1))


def _smooth(mixture: Tensor) -> Tensor:
    """[1, 2, 1] / 4 in both directions: a network that alternates from pixel to pixel would leave a visible grid."""
    return avg_pool2d(avg_pool2d(pad(mixture, [1] * 4, mode="replicate"), 2, stride=1), 2, stride=1)


def _limited(amounts: Tensor) -> Tensor:
    """Amounts of strokes within ±`_MOST`; small ones, and the colours before them, stay as they are."""
    colours, strokes = amounts[:, :_COLOURS], amounts[:, _COLOURS:]
    return torch.cat([colours, _MOST * torch.tanh(strokes / _MOST)], dim=1)
