"""Multi-scale sliced Wasserstein distance of patches of two sets of pictures; without a network."""

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

from stylegan_pl.metrics.bootstrap import bootstrap_of_counts
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.two_sets import TwoSets

_BINOMIAL = (1.0, 4.0, 6.0, 4.0, 1.0)
_SMALLEST_LEVEL = 16  # pixels
_AXES_OF_INTERVAL = 16
_AT_A_TIME = 4  # pictures


def laplacian_pyramid(images: Tensor, levels: int) -> list[Tensor]:
    """(N, 3, H, W) -> `levels` band-pass images at full, half, quarter … size; the last is the low-pass rest."""
    # a few pictures at a time fit into the processor's cache: three times as fast
    pyramids = [_pyramid(few, levels) for few in images.split(_AT_A_TIME)]
    return [torch.cat(level) for level in zip(*pyramids, strict=True)]


def _pyramid(images: Tensor, levels: int) -> list[Tensor]:
    pyramid = []
    for _ in range(levels - 1):
        coarse = _blur(images, stride=2)
        pyramid.append(images - _expand(coarse, images.shape[-2:]))
        images = coarse
    return [*pyramid, images]


def _blur(images: Tensor, *, gain: float = 1.0, stride: int = 1) -> Tensor:
    taps = torch.tensor(_BINOMIAL, device=images.device, dtype=images.dtype)
    kernel = gain * torch.outer(taps, taps) / taps.sum() ** 2
    channels = images.shape[1]
    padded = pad(images, [2] * 4, mode="reflect")
    return conv2d(padded, kernel.expand(channels, 1, 5, 5), stride=stride, groups=channels)


def _expand(coarse: Tensor, size: torch.Size) -> Tensor:
    fine = coarse.new_zeros(*coarse.shape[:2], *size)
    fine[:, :, ::2, ::2] = coarse
    return _blur(fine, gain=4.0)


def sliced_wasserstein(a: Tensor, b: Tensor, directions: Tensor) -> Tensor:
    """Mean 1-Wasserstein distance of projections of two sets of equal size: (M, d), (M, d), (d, K) -> scalar.

    >>> import torch
    >>> from stylegan_pl.metrics.sliced_wasserstein import sliced_wasserstein
    >>> patches, directions = torch.rand(100, 2), torch.eye(2)
    >>> round(sliced_wasserstein(patches, patches + 1, directions).item(), 4)
    1.0
    """
    a, b = ((x @ directions).T.contiguous().sort(dim=1).values for x in (a, b))  # contiguous rows sort faster
    return (a - b).abs().mean()


class SlicedWasserstein(TwoSets):
    """Karras et al. (2018), section 5: patches of Laplacian pyramids, compared by sliced Wasserstein distance.

    Random 7×7 patches of each level down to 16 pixels are normalised to mean 0 and standard deviation 1 per colour over
    the set, projected on random directions, sorted and compared; × 1000, as published. Coarse levels measure
    composition, fine levels strokes. With `normalise` False the patches keep mean and contrast, so the palette counts
    as well.

    Departures: sets may differ in size, because each gives the same total number of patches; random choices are seeded,
    so the same pictures always give the same score.

    Args:
        patches: largest number of patches per set and level.
        directions: number of random projections.
        normalise: normalise patches, as published.
    """

    higher_is_better = False
    most_resamples = 100

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
        return images  # must all have the same size

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return self._by_level(real, fake).mean()

    def _interval(self, samples: int, value: float) -> Interval:
        """Resamples pictures with all their patches, which are projected once; with fewer directions, for speed."""
        real, fake = self._sets()
        levels = [
            _merged(a @ axes, b @ axes, [len(real), len(fake)])
            for a, b, axes in _levels(
                real, fake, patches=max(self.patches, len(real), len(fake)), directions=_AXES_OF_INTERVAL,
                size=self.patch_size, normalise=self.normalise, seed=self.seed,
            )
        ]  # fmt: skip

        def again(*times: Tensor) -> Tensor:
            return 1000 * torch.stack([_gap_of_counts(*level, *times) for level in levels]).mean()

        return bootstrap_of_counts([len(real), len(fake)], again, samples=samples, around=value)

    def by_level(self) -> Tensor:
        """The distance at each level over this rank's pictures, finest first; `compute` is their mean."""
        return self._by_level(*self._sets())

    def _by_level(self, real: Tensor, fake: Tensor) -> Tensor:
        return multi_scale_distance(
            real, fake, patches=self.patches, directions=self.directions, patch_size=self.patch_size,
            normalise=self.normalise, seed=self.seed,
        )  # fmt: skip


def multi_scale_distance(
    a: Tensor, b: Tensor, *, patches: int, directions: int, patch_size: int = 7, normalise: bool = True, seed: int = 0
) -> Tensor:
    """Distance at each pyramid level of two sets, (N, 3, H, W) and (M, 3, H, W); see `SlicedWasserstein`."""
    levels = _levels(a, b, patches=patches, directions=directions, size=patch_size, normalise=normalise, seed=seed)
    return torch.stack([1000 * sliced_wasserstein(*level) for level in levels])


def _levels(
    a: Tensor, b: Tensor, *, patches: int, directions: int, size: int, normalise: bool, seed: int
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """For each level: patches of both sets, (patches, 3·size²) each, and directions (3·size², K).

    At most as many patches as the smaller set has positions at that level.
    """
    levels = 1
    while min(a.shape[-2:]) // 2**levels >= _SMALLEST_LEVEL:
        levels += 1
    generator = torch.Generator().manual_seed(seed)
    for level_a, level_b in zip(laplacian_pyramid(a, levels), laplacian_pyramid(b, levels), strict=True):
        axes = torch.randn(3 * size**2, directions, generator=generator).to(a.device)
        places = (level_a.shape[2] - size + 1) * (level_a.shape[3] - size + 1)
        count = min(patches, places * min(len(a), len(b)))
        sets = [_patches(level, count, size, normalise, generator) for level in (level_a, level_b)]
        yield sets[0], sets[1], axes / axes.norm(dim=0)


def _patches(level: Tensor, count: int, size: int, normalise: bool, generator: torch.Generator) -> Tensor:
    """`count` random patches, equally many per image, (count, 3·size²)."""
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


def _merged(a: Tensor, b: Tensor, pictures: list[int]) -> tuple[Tensor, Tensor]:
    """Of projected patches, (P, K) each: where on each axis two neighbours stand apart and how far, (K, 2 P − 1);
    and whose patch each is, (K, 2 P): a picture's number, the second set's after the first's.
    """
    owner = torch.cat([torch.arange(len(a)) % pictures[0], torch.arange(len(b)) % pictures[1] + pictures[0]])
    ordered = torch.cat([a, b]).T.contiguous().cpu().sort(dim=1)
    return ordered.values.diff(dim=1), owner[ordered.indices]


def _gap_of_counts(steps: Tensor, owner: Tensor, times_a: Tensor, times_b: Tensor) -> Tensor:
    """1-Wasserstein distance ∫ |F_a − F_b| dx of sets with repeated pictures, mean over axes."""
    each_a, each_b = owner[0].bincount(minlength=len(times_a) + len(times_b)).split([len(times_a), len(times_b)])
    weights = torch.cat([times_a / (times_a @ each_a.double()), -times_b / (times_b @ each_b.double())]).float()
    return (weights[owner].cumsum(dim=1)[:, :-1].abs() * steps).sum(dim=1).mean()
