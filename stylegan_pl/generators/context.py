"""A generator for styles that are image processing: it predicts a change of the photograph for each pixel."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from stylegan_pl.generators.chain import ChainGenerator, changed_photograph
from stylegan_pl.nn.layers.init import Init, init_he
from stylegan_pl.nn.layers.luma import luma_709
from stylegan_pl.nn.layers.replicate import ReplicatingConv2d
from stylegan_pl.nn.layers.taps import Tap

_MARGIN = 0.98  # see `changed_photograph`


class ContextGenerator(ChainGenerator):
    """tanh(atanh(0.98 x) + f(x)); f: dilated conv 3×3 – leaky ReLU for each of `dilations`, conv 1×1. Any image size.

    Chen, Xu and Koltun, "Fast Image Processing with Fully-Convolutional Networks" (ICCV 2017): a context aggregation
    network learns smoothing, tone mapping and stylisation at full resolution, so no resampling blurs lines or leaves a
    grid. Departures: its output is added to the photograph, so that training starts from the photograph (the paper:
    identity weights); no norm, so that brightness and contrast are kept, and tiles and frames of a film agree;
    dilations up to 4 and down again, because the paper's, up to 64, left ghosts of contours.

    21,579 parameters, a receptive field of 21 pixels. Taps: `image`, `context1` …, one per dilation.

    Args:
        width: channels.
        dilations: of the 3×3 convolutions, in order; each adds twice its value to the receptive field.
        grey: predict one channel, added to the photograph's luma and used for R, G and B, so that the output
            never has colour.
        init: draws the initial weights; the last layer's are then divided by 10.

    Raises:
        ValueError: a dilation is below 1.
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
        taps = {"image": Tap(0, 3)}
        inputs = 3
        for number, dilation in enumerate(dilations, start=1):
            # replicate, because reflect does not allow pictures smaller than the dilation
            conv = ReplicatingConv2d(inputs, width, 3, dilation=dilation)
            layers += [conv, nn.LeakyReLU(0.2)]
            taps[f"context{number}"] = Tap(len(layers), width)
            inputs = width
        last = nn.Conv2d(inputs, 1 if grey else 3, 1)
        super().__init__(nn.Sequential(*layers, last), taps)
        self.grey = grey
        # Grey has no strokes to enlarge; and enlarging would keep small details of the photograph in colour.
        self.has_strokes = not grey
        init(self)
        with torch.no_grad():
            last.weight.mul_(0.1)

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> the same shape and range."""
        photograph = luma_709(content) if self.grey else content
        stylised = changed_photograph(photograph, self.layers(content), margin=_MARGIN)
        return torch.cat([stylised] * 3, dim=1) if self.grey else stylised
