"""PatchGAN: every logit judges one patch (Isola et al., 2017)."""

from itertools import pairwise

from torch import Tensor, nn

from stylegan_pl.discriminators.smallest import check_smallest
from stylegan_pl.nn.layers.blur import BlurPool
from stylegan_pl.nn.layers.init import Init, init_normal
from stylegan_pl.nn.layers.spectral_norm import add_spectral_norm


class PatchGAN(nn.Module):
    """C64-C128-C256-C512 at n_layers 3: a 70 × 70 receptive field, 30 × 30 logits at 256², 2,764,737 parameters.

    4×4 convolutions, the first `n_layers` of stride 2, widths doubling up to 8 × width, instance norm everywhere
    but first and last, leaky ReLU 0.2 (CycleGAN, appendix 7.2).

    >>> import torch
    >>> from stylegan_pl.discriminators.patchgan import PatchGAN
    >>> PatchGAN(n_layers=3, width=8)(torch.zeros(2, 3, 64, 64)).shape  # 64 / 2³ − 2 each way
    torch.Size([2, 1, 6, 6])

    Args:
        inputs: channels of the image; 6 where a second picture is the condition.
        n_layers: strided layers; the receptive field is 16, 34, 70, 142, 286 pixels for 1 to 5.
        width: channels of the first layer.
        antialias: each halving is a convolution of stride 1 with its norm and ReLU, then a blur of stride 2 (Zhang,
            2019), as in CUT; the number of parameters is the same.
        spectral_norm: whether every convolution has a largest singular value of 1.
        init: draws the first weights.

    Raises:
        ValueError: `n_layers` is below 1.
    """

    def __init__(
        self,
        *,
        inputs: int = 3,
        n_layers: int = 3,
        width: int = 64,
        antialias: bool = False,
        spectral_norm: bool = False,
        init: Init = init_normal,
    ) -> None:
        super().__init__()
        if n_layers < 1:
            raise ValueError(f"n_layers must be at least 1, got {n_layers}")
        self.inputs, self.n_layers = inputs, n_layers
        self.smallest = 3 * 2**n_layers  # pixels; in a smaller image the last instance norm has only one position
        channels = [width * min(2**i, 8) for i in range(n_layers + 1)]
        layers: list[nn.Module] = []
        for i, (before, after) in enumerate(pairwise([inputs, *channels])):
            halves = i < n_layers
            layers.append(nn.Conv2d(before, after, 4, stride=2 if halves and not antialias else 1, padding=1))
            layers += [nn.InstanceNorm2d(after)] if i > 0 else []
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            layers += [BlurPool(after)] if halves and antialias else []
        self.layers = nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, padding=1))
        init(self)
        if spectral_norm:
            add_spectral_norm(self)

    def forward(self, image: Tensor) -> Tensor:
        """(N, inputs, H, W) in [-1, 1] -> logits (N, 1, H/2^n − 2, W/2^n − 2).

        Raises:
            ConfigError: the image is smaller than 3 · 2^n pixels.
        """
        name = f"PatchGAN with n_layers={self.n_layers}"
        check_smallest(image, self.smallest, network=name, advice="fewer layers")
        return self.layers(image)
