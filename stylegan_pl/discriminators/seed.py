"""The source document's discriminator: five convolutions at full resolution."""

from torch import Tensor, nn


class SeedDiscriminator(nn.Module):
    """Conv 3×3 – ReLU four times, conv 3×3; stride 1, so logits are H × W. 113,153 parameters at width 64.

    Departure: the document ends in a sigmoid; its BCE on that sigmoid is our BCE on these logits, only stable.
    """

    def __init__(self, *, width: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for channels in (3, width, width, width):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> logits (N, 1, H, W)."""
        return self.layers(image)
