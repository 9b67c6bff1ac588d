"""The source document's generator: five convolutions at full resolution."""

from torch import nn

from stylegan_pl.generators.chain import ChainGenerator
from stylegan_pl.nn.layers.taps import Tap


class SeedGenerator(ChainGenerator):
    """Four times conv 3×3 – ReLU, then conv 3×3 – tanh; stride 1, zero padding. 114,307 parameters at width 64.

    Its receptive field is 11 pixels, so it changes colour and fine texture, not shapes. Taps: `image`, `relu1` …
    `relu4`. Weights have torch's default initialisation, as in the document.
    """

    stride = 1  # any image size

    def __init__(self, *, width: int = 64) -> None:
        layers: list[nn.Module] = []
        taps = {"image": Tap(0, 3)}
        for number, channels in enumerate((3, width, width, width), start=1):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            taps[f"relu{number}"] = Tap(len(layers), width)
        super().__init__(nn.Sequential(*layers, nn.Conv2d(width, 3, 3, padding=1)), taps)
