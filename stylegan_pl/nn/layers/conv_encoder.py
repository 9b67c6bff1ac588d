"""A small encoder that is trained together with its decoder, without pretrained weights."""

from collections.abc import Sequence

from torch import Tensor, nn

from stylegan_pl.nn.layers.encoder import Encoder
from stylegan_pl.nn.layers.features import Features
from stylegan_pl.nn.layers.taps import Tap, read_taps


class ConvEncoder(Encoder):
    """Conv 7×7 to w channels, then 3×3 of stride 2 to 2 w and to 4 w, with ReLU; taps `relu1`, `relu2`, `relu3`.

    Padding is by reflection. There is no norm: an instance norm would remove the style's mean and standard deviation,
    which AdaIN needs.

    Args:
        width: channels at full resolution.
    """

    stride = 4

    def __init__(self, *, width: int = 32) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        self._taps: dict[str, Tap] = {}
        inputs = 3
        for level, (kernel, stride) in enumerate(((7, 1), (3, 2), (3, 2))):
            outputs = width * 2**level
            layers += [
                nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, padding_mode="reflect"),
                nn.ReLU(),
            ]
            self._taps[f"relu{level + 1}"] = Tap(len(layers), outputs)
            inputs = outputs
        self.layers = nn.Sequential(*layers)

    @property
    def taps(self) -> dict[str, int]:
        """`relu1`, `relu2`, `relu3` -> channels."""
        return {name: tap.channels for name, tap in self._taps.items()}

    def forward(self, image: Tensor, layers: Sequence[str]) -> Features:
        """(N, 3, H, W) in [-1, 1] -> `relu{k}`: (N, width · 2^(k−1), H / 2^(k−1), W / 2^(k−1))."""
        return read_taps(self.layers, image, self._taps, layers)
