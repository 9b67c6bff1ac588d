"""PatchGAN: every logit judges one patch (Isola et al., 2017)."""

from itertools import pairwise

from torch import Tensor, nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.init import init_normal


class PatchGAN(nn.Module):
    """C64-C128-C256-C512 at n_layers 3: a 70 × 70 receptive field, 30 × 30 logits at 256², 2,764,737 parameters.

    4×4 convolutions, the first `n_layers` of stride 2, widths doubling up to 8 × width, instance norm everywhere
    but first and last, leaky ReLU 0.2 (CycleGAN, appendix 7.2).

    Args:
        n_layers: strided layers; the receptive field is 16, 34, 70, 142, 286 pixels for 1 to 5.
        width: channels of the first layer.
        init_std: standard deviation of the initial weights.
    """

    def __init__(self, *, n_layers: int = 3, width: int = 64, init_std: float = 0.02) -> None:
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"n_layers must be at least 1, got {n_layers}")
        self.n_layers = n_layers
        self.smallest = 3 * 2**n_layers  # pixels; below it the last instance norm has one position to normalise
        channels = [width * min(2**i, 8) for i in range(n_layers + 1)]
        layers: list[nn.Module] = [nn.Conv2d(3, width, 4, stride=2, padding=1), nn.LeakyReLU(0.2, inplace=True)]
        for i, (inputs, outputs) in enumerate(pairwise(channels), start=1):
            stride = 2 if i < n_layers else 1
            layers += [
                nn.Conv2d(inputs, outputs, 4, stride=stride, padding=1),
                nn.InstanceNorm2d(outputs),
                nn.LeakyReLU(0.2, inplace=True),
            ]
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, padding=1))
        init_normal(self, std=init_std)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1] -> logits (N, 1, H/2^n − 2, W/2^n − 2).

        Raises:
            ConfigError: the image is smaller than 3 · 2^n pixels.
        """
        if min(image.shape[-2:]) < self.smallest:
            raise ConfigError(
                f"image_size={min(image.shape[-2:])} is too small for PatchGAN with n_layers={self.n_layers}; type "
                f"image_size={self.smallest} or more, or fewer layers"
            )
        return self.layers(image)
