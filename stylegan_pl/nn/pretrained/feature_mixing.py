"""Fixed random projections of a feature pyramid (Sauer et al., "Projected GANs converge faster", 2021)."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from stylegan_pl.nn.pretrained.frozen import freeze
from stylegan_pl.nn.pretrained.random_conv import random_conv


class FeatureMixing(nn.Module):
    """Mixes channels within each map, then each map with the coarser ones; it is never trained.

        c_i = A_i f_i                                A_i: random 1×1 convolution to width · 2^(i−1) channels
        m_4 = c_4,  m_i = c_i + B_i up(m_{i+1})      B_i: random 3×3 convolution, after bilinear upsampling

    So no head can use only a few easy channels, and fine maps contain coarse information. The weights are a function of
    `seed` and the widths, so they are not saved in checkpoints.

    Args:
        channels: channels of the maps, fine to coarse.
        width: channels of the finest mixed map; each coarser one has twice as many, as in the reference.
        seed: seed of the weights.
    """

    def __init__(self, channels: Sequence[int], *, width: int = 64, seed: int = 0) -> None:
        super().__init__()
        self.channels = [width * 2**scale for scale in range(len(channels))]
        generator = torch.Generator().manual_seed(seed)
        self.across_channels = nn.ModuleList(
            random_conv(before, after, 1, generator) for before, after in zip(channels, self.channels, strict=True)
        )
        self.across_scales = nn.ModuleList(
            random_conv(coarse, fine, 3, generator) for fine, coarse in pairwise(self.channels)
        )
        freeze(self)

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """(N, channels[i], h_i, w_i), fine to coarse -> (N, width · 2^i, h_i, w_i)."""
        mixed = [mix(features) for mix, features in zip(self.across_channels, maps, strict=True)]
        for scale in reversed(range(len(mixed) - 1)):
            coarser = interpolate(mixed[scale + 1], mixed[scale].shape[-2:], mode="bilinear", align_corners=False)
            mixed[scale] = mixed[scale] + self.across_scales[scale](coarser)
        return mixed
