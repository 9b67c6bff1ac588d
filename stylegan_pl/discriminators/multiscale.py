"""Several PatchGANs, each on a smaller copy of the image (pix2pixHD, Wang et al., 2018)."""

from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from stylegan_pl.discriminators.patchgan import PatchGAN
from stylegan_pl.discriminators.smallest import check_smallest
from stylegan_pl.nn.layers.init import Init, init_normal


class MultiScale(nn.Module):
    """D_1(y), D_2(y↓2), D_3(y↓4), …: with n_layers 3, receptive fields of 70, about 140 and about 280 pixels.

    y↓2 is the mean over 3 × 3 pixels, stride 2, of those that lie inside the picture.
    Departure: pix2pixHD adds the scales; here they are averaged, so that the adversarial weight keeps its scale.

    Args:
        scales: number of scales, each half as large as the one before.
        inputs: channels of the image; 6 where a second picture is the condition.
        n_layers: strided layers of each PatchGAN.
        width: channels of each PatchGAN's first layer.
        spectral_norm: whether every convolution has a largest singular value of 1.
        init: draws the first weights.

    Raises:
        ValueError: `scales` is below 1.
    """

    def __init__(
        self,
        *,
        scales: int = 3,
        inputs: int = 3,
        n_layers: int = 3,
        width: int = 64,
        spectral_norm: bool = False,
        init: Init = init_normal,
    ) -> None:
        super().__init__()
        if scales < 1:
            raise ValueError(f"scales must be at least 1, got {scales}; 1 is a plain PatchGAN")
        patchgans = [
            PatchGAN(inputs=inputs, n_layers=n_layers, width=width, spectral_norm=spectral_norm, init=init)
            for _ in range(scales)
        ]
        self.scales = nn.ModuleList(patchgans)
        self.inputs = inputs
        self.head_weights = [1 / scales] * scales
        # pixels; halving rounds up: 2 s − 1 pixels become s
        self.smallest = (patchgans[0].smallest - 1) * 2 ** (scales - 1) + 1

    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, inputs, H, W) in [-1, 1] -> logits of each scale, fine to coarse.

        Raises:
            ConfigError: the image is too small for the coarsest scale.
        """
        name = f"MultiScale with scales={len(self.scales)}"
        check_smallest(image, self.smallest, network=name, advice="fewer scales or layers")
        logits = []
        for scale, patchgan in enumerate(self.scales):
            if scale > 0:
                image = avg_pool2d(image, 3, stride=2, padding=1, count_include_pad=False)
            logits.append(patchgan(image))
        return logits
