"""A generator for looks that are image processing: it says what to change in the photograph, pixel by pixel."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from stylegan_pl.generators.chain import ChainGenerator
from stylegan_pl.nn.layers.init import Init, init_he
from stylegan_pl.nn.layers.replicate import ReplicatingConv2d
from stylegan_pl.nn.layers.taps import Tap

_INSIDE = 0.98  # black and white, moved inside the range where atanh is finite


class ContextGenerator(ChainGenerator):
    """tanh(atanh(0.98 x) + f(x)); f: dilated conv 3×3 – leaky ReLU for each of `dilations`, conv 1×1. Any image size.

    Chen, Xu and Koltun, "Fast Image Processing with Fully-Convolutional Networks" (ICCV 2017): a context aggregation
    network learns smoothing, tone mapping and stylisation at full resolution, where no resampling blurs lines or leaves
    a grid. Departures: what it computes is added to the photograph, so that training starts there and not from noise
    (the paper: identity weights); no norm, so that a picture keeps its brightness and contrast, and tiles and frames of
    a film agree; dilations to 4 and down again, where the paper's go to 64: wide ones left ghosts of contours.

    21,579 parameters, a receptive field of 21 pixels. Taps: `image`, `context1` … one a dilation.

    Args:
        width: channels.
        dilations: of the 3×3 convolutions, in order; each widens the receptive field by twice itself.
        grey: one channel out, added to the photograph's luminance and shown in all three: whatever it learns, it leaves
            no colour.
        init: draws the initial weights; the last layer's are then made a tenth.
    """

    stride = 1

    def __init__(
        self,
        *,
        width: int = 24,
        dilations: Sequence[int] = (1, 2, 4, 2, 1),
        grey: bool = False,
        init: Init = init_he,
    ) -> None:
        if min(dilations, default=1) < 1:
            raise ValueError(f"dilations must be at least 1, got {list(dilations)}; try [1, 2, 4, 2, 1]")
        layers: list[nn.Module] = []
        places = {"image": Tap(0, 3)}
        inputs = 3
        for number, dilation in enumerate(dilations, start=1):
            # replicated, not reflected: that takes pictures smaller than the dilation, too
            conv = ReplicatingConv2d(inputs, width, 3, dilation=dilation)
            layers += [conv, nn.LeakyReLU(0.2)]
            places[f"context{number}"] = Tap(len(layers), width)
            inputs = width
        last = nn.Conv2d(inputs, 1 if grey else 3, 1)
        super().__init__(nn.Sequential(*layers, last), places)
        self.grey = grey
        # Ink lines have a width, greys have none; small details, which stay the photograph's, would keep their colour.
        self.has_strokes = not grey
        init(self)
        with torch.no_grad():
            last.weight.mul_(0.1)

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> the same shape and range."""
        base = luminance(content) if self.grey else content
        base = base.clamp(-1, 1)  # noise that a loss adds to a photograph can lead out of the range
        stylised = torch.tanh(torch.atanh(_INSIDE * base) + self.layers(content))
        return torch.cat([stylised] * 3, dim=1) if self.grey else stylised


def luminance(image: Tensor) -> Tensor:
    """(N, 3, H, W) -> (N, 1, H, W): Rec. 709's weights on values as they are, gamma included (luma)."""
    weights = torch.tensor([0.2126, 0.7152, 0.0722], dtype=image.dtype, device=image.device)
    return (image * weights.view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
