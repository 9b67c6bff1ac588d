"""PixelGAN: every logit judges the colour of one pixel (Isola et al., 2017)."""

from torch import Tensor, nn

from stylegan_pl.discriminators.smallest import check_smallest
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.spectral_norm import add_spectral_norm


class PixelGAN(nn.Module):
    """C64-C128 of 1×1 convolutions: sees colours, not strokes. 8,705 parameters at width 64.

    It has an instance norm after the second convolution, as PatchGAN has, so a logit also depends on statistics of the
    whole picture.

    Args:
        inputs: channels of the image; 6 where a second picture is the condition.
        width: channels of the first layer.
        spectral_norm: whether every convolution has a largest singular value of 1.
        init: draws the first weights.
    """

    smallest = 2  # pixels; an instance norm needs two positions

    def __init__(
        self, *, inputs: int = 3, width: int = 64, spectral_norm: bool = False, init: Init = init_normal
    ) -> None:
        super().__init__()
        self.inputs = inputs
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, width, 1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(width, 2 * width, 1),
            nn.InstanceNorm2d(2 * width),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(2 * width, 1, 1),
        )
        init(self)
        if spectral_norm:
            add_spectral_norm(self)

    def forward(self, image: Tensor) -> Tensor:
        """(N, inputs, H, W) in [-1, 1] -> logits (N, 1, H, W).

        Raises:
            ConfigError: the image has a side of one pixel.
        """
        check_smallest(image, self.smallest, network="PixelGAN", advice="take another discriminator")
        return self.layers(image)
