"""Multi-scale sliced Wasserstein distance: how unlike two sets of pictures are, patch by patch, without a network."""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from stylegan_pl.metrics.two_sets import TwoSets

_BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)
_SMALLEST_LEVEL = 16  # pixels


def laplacian_pyramid(images: Tensor, levels: int) -> list[Tensor]:
    """(N, 3, H, W) -> `levels` band-pass images at full, half, quarter … size; the last is the low-pass rest."""
    pyramid = []
    for _ in range(levels - 1):
        coarse = _blur(images)[:, :, ::2, ::2]
        pyramid.append(images - _expand(coarse, images.shape[-2:]))
        images = coarse
    return [*pyramid, images]


def _blur(images: Tensor, gain: float = 1.0) -> Tensor:
    taps = torch.tensor(_BINOMIAL, device=images.device, dtype=images.dtype)
    kernel = gain * torch.outer(taps, taps) / taps.sum() ** 2
    channels = images.shape[1]
    return conv2d(pad(images, [2] * 4, mode="reflect"), kernel.expand(channels, 1, 5, 5), groups=channels)


def _expand(coarse: Tensor, size: torch.Size) -> Tensor:
    fine = coarse.new_zeros(*coarse.shape[:2], *size)
    fine[:, :, ::2, ::2] = coarse
    return _blur(fine, gain=4.0)


def sliced_wasserstein(a: Tensor, b: Tensor, directions: Tensor) -> Tensor:
    """Mean 1-Wasserstein distance of two equally large sets, projected: (M, d), (M, d), (d, K) -> scalar."""
    return ((a @ directions).sort(dim=0).values - (b @ directions).sort(dim=0).values).abs().mean()


class SlicedWasserstein(TwoSets):
    """Karras et al. (2018), section 5: patches of Laplacian pyramids, compared by sliced Wasserstein distance.

    Random 7×7 patches of each level down to 16 pixels are brought to mean 0 and deviation 1 a colour channel over their
    set, projected on random directions, sorted, and compared; × 1000, as published. Large scales show palette areas
    and composition, small ones strokes. With `normalise` false the patches keep their mean and contrast, and the
    palette counts.

    Departures: sets may differ in size, since each gives the same number of patches in all; picks are seeded, so the
    same pictures always give the same number.

    Args:
        patches: of each set and level.
        directions: random projections.
        normalise: as published.
    """

    higher_is_better = False

    def __init__(
        self,
        *,
        patches: int = 16_384,
        directions: int = 256,
        patch_size: int = 7,
        normalise: bool = True,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.patches, self.directions, self.patch_size = patches, directions, patch_size
        self.normalise, self.seed = normalise, seed

    def _kept(self, images: Tensor) -> Tensor:
        return images.detach().float()  # whole, and so all of one size

    def compute(self) -> Tensor:
        """Mean over the levels."""
        return self.by_level().mean()

    def by_level(self) -> Tensor:
        """Distance of each level, finest first."""
        return multi_scale_distance(
            *self._sets(), patches=self.patches, directions=self.directions, patch_size=self.patch_size,
            normalise=self.normalise, seed=self.seed,
        )  # fmt: skip


def multi_scale_distance(
    a: Tensor, b: Tensor, *, patches: int, directions: int, patch_size: int = 7, normalise: bool = True, seed: int = 0
) -> Tensor:
    """Distance at each pyramid level of two sets, (N, 3, H, W) and (M, 3, H, W); see `SlicedWasserstein`."""
    levels = 1
    while min(a.shape[-2:]) // 2**levels >= _SMALLEST_LEVEL:
        levels += 1
    generator = torch.Generator().manual_seed(seed)
    distances = []
    for level_a, level_b in zip(laplacian_pyramid(a, levels), laplacian_pyramid(b, levels), strict=True):
        axes = torch.randn(3 * patch_size**2, directions, generator=generator).to(a.device)
        axes = axes / axes.norm(dim=0)
        sets = [_patches(level, patches, patch_size, normalise, generator) for level in (level_a, level_b)]
        distances.append(1000 * sliced_wasserstein(sets[0], sets[1], axes))
    return torch.stack(distances)


def _patches(level: Tensor, count: int, size: int, normalise: bool, generator: torch.Generator) -> Tensor:
    """`count` random patches, spread evenly over the images, (count, 3·size²)."""
    n, _, height, width = level.shape
    image = torch.arange(count).remainder(n)
    top = torch.randint(height - size + 1, (count,), generator=generator)
    left = torch.randint(width - size + 1, (count,), generator=generator)
    offsets = torch.arange(size)
    rows, columns = top[:, None, None] + offsets[:, None], left[:, None, None] + offsets
    index = [axis.to(level.device) for axis in (image[:, None, None], rows, columns)]
    picked = level.permute(0, 2, 3, 1)[index[0], index[1], index[2]]  # (count, size, size, 3)
    if normalise:
        picked = (picked - picked.mean(dim=(0, 1, 2))) / picked.std(dim=(0, 1, 2)).clamp_min(1e-4)
    return picked.flatten(1)
