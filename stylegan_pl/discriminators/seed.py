"""The source document's discriminator: five convolutions at full resolution."""

from torch import Tensor, nn

from stylegan_pl.nn.layers.spectral_norm import add_spectral_norm


class SeedDiscriminator(nn.Module):
    """Four times conv 3×3 – ReLU, then conv 3×3; stride 1, so logits are H × W. 113,153 parameters at width 64.

    Weights have torch's default initialisation, as in the document.

    Departure: the document's network ends in a sigmoid. Its BCE of that sigmoid equals our BCE of these logits, which
    is numerically stable.

    Args:
        inputs: channels of the image; 6 where a second picture is the condition.
        width: channels of every layer.
        spectral_norm: whether every convolution has a largest singular value of 1.
    """

    smallest = 1  # pixels

    def __init__(self, *, inputs: int = 3, width: int = 64, spectral_norm: bool = False) -> None:
        super().__init__()
        self.inputs = inputs
        layers: list[nn.Module] = []
        for channels in (inputs, width, width, width):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, 1, 3, padding=1))
        if spectral_norm:
            add_spectral_norm(self)

    def forward(self, image: Tensor) -> Tensor:
        """(N, inputs, H, W) in [-1, 1] -> logits (N, 1, H, W)."""
        return self.layers(image)
