"""The source document's generator: five convolutions at full resolution."""

from torch import Tensor, nn


class SeedGenerator(nn.Module):
    """Conv 3×3 – ReLU four times, conv 3×3 – tanh; stride 1, zero padding. 114,307 parameters at width 64.

    Its receptive field is 11 pixels: it repaints colour and fine texture, not shapes.
    """

    stride = 1  # any image size

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (3, width, width, width):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 3, 3, padding=1), nn.Tanh())

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> the same shape and range."""
        return self.layers(content)
