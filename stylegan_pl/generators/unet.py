"""pix2pix's U-Net: skip connections carry detail past the bottleneck (Isola et al., 2017)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.generator import Generator
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.taps import check_taps
from stylegan_pl.nn.layers.upsample import ResizeConv, TransposedConv4, Upsample


class UNetGenerator(Generator):
    """C64-C128-C256-C512-…-C512 down to 1/2^levels by strided 4×4 convolutions, and up again; tanh.

    With the published transposed 4×4 upsampling (`TransposedConv4`) and width 64, 41,825,667 parameters at 7 levels and
    54,409,603 at 8. Departure: upsampling is a resize-convolution by default, with fewer parameters, because transposed
    convolutions leave a checkerboard. The innermost step is always transposed: for images of `stride` pixels it starts
    from one position, whose interpolation is constant, and the following norm would turn that into zeros. As in the
    paper's code, but not its text, the innermost steps have no dropout.

    Taps: `down1` … `down4`, each level's strided convolution with its norm, that is, the skip connections. Deeper maps
    have too few positions to compare patches.

    >>> import torch
    >>> from stylegan_pl.generators.unet import UNetGenerator
    >>> generator = UNetGenerator(levels=4, width=8)
    >>> generator.stride  # sides must be multiples of it
    16
    >>> generator(torch.zeros(2, 3, 64, 48)).shape
    torch.Size([2, 3, 64, 48])

    Args:
        levels: number of halvings; sides must be multiples of 2^levels (published: 7 for 128 pixels, 8 for 256).
        width: channels of the first level.
        max_width_factor: the widest level, in multiples of `width`.
        dropout: share of values set to zero in training, in the inner levels whose neighbours on both sides have the
            largest width, too (pix2pix: 0.5, its only source of noise); 0: no dropout.
        upsample: builds the ×2 step from (inputs, outputs) channels.
        init: draws the initial weights.

    Raises:
        ValueError: `levels` is below 2, or `dropout` is outside [0, 1).
    """

    def __init__(
        self,
        *,
        levels: int = 8,
        width: int = 64,
        max_width_factor: int = 8,
        dropout: float = 0.0,
        upsample: Upsample = ResizeConv,
        init: Init = init_normal,
    ) -> None:
        super().__init__()
        if levels < 2:
            raise ValueError(f"levels must be at least 2, got {levels}; pix2pix has 7 or 8")
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout must be at least 0 and below 1, got {dropout}; pix2pix has 0.5")
        self.stride = 2**levels
        self.widths = [width * min(2**level, max_width_factor) for level in range(levels)]
        self.downs = nn.ModuleList(self._down(level) for level in range(levels))
        self.ups = nn.ModuleList(self._up(level, upsample, dropout) for level in reversed(range(levels)))
        init(self)

    def _down(self, level: int) -> nn.Sequential:
        inputs, outputs = (self.widths[level - 1] if level else 3), self.widths[level]
        convolution = nn.Conv2d(inputs, outputs, 4, stride=2, padding=1)
        if level == 0:
            return nn.Sequential(convolution)
        # not in place, because the skip connection uses the input as well
        layers: list[nn.Module] = [nn.LeakyReLU(0.2), convolution]
        if level < len(self.widths) - 1:  # the innermost map may be a single position, which a norm would set to 0
            layers.append(nn.InstanceNorm2d(outputs))
        return nn.Sequential(*layers)

    def _up(self, level: int, upsample: Upsample, dropout: float) -> nn.Sequential:
        innermost = level == len(self.widths) - 1
        inputs = self.widths[level] * (1 if innermost else 2)
        if level == 0:
            return nn.Sequential(nn.ReLU(), upsample(inputs, 3), nn.Tanh())
        outputs = self.widths[level - 1]
        make = TransposedConv4 if innermost else upsample
        layers: list[nn.Module] = [nn.ReLU(), make(inputs, outputs), nn.InstanceNorm2d(outputs)]
        if dropout > 0 and not innermost and outputs == self.widths[level] == max(self.widths):
            layers.append(nn.Dropout(dropout))
        return nn.Sequential(*layers)

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of `stride` -> the same shape and range."""
        *skips, x = self._descend(content, len(self.downs))
        for number, up in enumerate(self.ups):
            x = up(x if number == 0 else torch.cat([skips.pop(), x], dim=1))
        return x

    @property
    def taps(self) -> dict[str, int]:
        """Tap -> channels: `down1` … `down4`, or fewer if there are fewer levels above the innermost."""
        return {f"down{level}": width for level, width in enumerate(self.widths[:-1][:4], start=1)}

    def encode(self, image: Tensor, layers: Sequence[str]) -> Features:
        """`down{l}`: (N, C, H / 2^l, W / 2^l); deeper levels are not computed."""
        check_taps(layers, self.taps)
        levels = {name: int(name.removeprefix("down")) for name in layers}
        found = self._descend(image, max(levels.values(), default=0))
        return {name: found[level - 1] for name, level in levels.items()}

    def _descend(self, image: Tensor, levels: int) -> list[Tensor]:
        """The outputs of the first `levels` levels."""
        found: list[Tensor] = []
        for down in list(self.downs)[:levels]:
            image = down(image)
            found.append(image)
        return found
