"""Statistics of features that describe style: second moments, both moments, or sliced distributions."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d

from stylegan_pl.losses.style import gram_matrix

_LEAST_VARIANCE = 1e-6  # added under a root, so that its gradient is finite for a flat picture

Statistic = tuple[Tensor, ...]
"""Parts that are compared separately, each (N, …): one row per picture."""


def moments(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance over positions: (N, C, H, W) -> (N, C), (N, C, C).

    >>> import torch
    >>> from stylegan_pl.losses.style_statistics import moments
    >>> mean, covariance = moments(torch.tensor([[1.0, 3.0], [4.0, 0.0]]).view(1, 2, 1, 2))
    >>> mean, covariance
    (tensor([[2., 2.]]), tensor([[[ 1., -2.],
             [-2.,  4.]]]))
    """
    flat = features.flatten(2)
    mean = flat.mean(dim=2)
    centred = flat - mean.unsqueeze(2)
    return mean, centred @ centred.transpose(1, 2) / flat.shape[2]


class StyleStatistic(ABC):
    """Base class: features of a layer -> statistics that describe style, independent of positions."""

    parts = 1  # number of tensors that `of` returns

    @abstractmethod
    def of(self, features: Tensor) -> Statistic:
        """(N, C, H, W) -> a tuple of `parts` tensors (N, …), whose shapes do not depend on H and W."""


class GramStatistic(StyleStatistic):
    """F Fᵀ / (H W): second moments about zero (Gatys et al., 2016), which are mostly the squared mean."""

    def of(self, features: Tensor) -> Statistic:
        """(N, C, H, W) -> ((N, C, C),)."""
        return (gram_matrix(features) / features[0, 0].numel(),)


class MomentStatistic(StyleStatistic):
    """Mean and covariance as two parts, for palette and strokes, each relative to photographs.

    A Gram matrix contains both, but the mean dominates it, and a network first matches the mean with blotches of light
    and dark.
    """

    parts = 2

    def of(self, features: Tensor) -> Statistic:
        """(N, C, H, W) -> ((N, C), (N, C, C))."""
        return moments(features)


class LocalMomentStatistic(StyleStatistic):
    """Mean, and covariance about the mean of each position's neighbourhood, as two parts, for palette and strokes.

    A network can match the covariance about the whole picture's mean with broad areas of light and dark, which it
    learns before strokes and instead of them. Subtracting the mean of a window removes these: only differences within
    each window are left.

    >>> import torch
    >>> from stylegan_pl.losses.style_statistics import LocalMomentStatistic
    >>> mean, texture = LocalMomentStatistic(window=9).of(torch.rand(2, 16, 32, 48))
    >>> mean.shape, texture.shape
    (torch.Size([2, 16]), torch.Size([2, 16, 16]))

    Args:
        window: side of a neighbourhood, in positions of the layer; odd.

    Raises:
        ValueError: `window` is even or below 1.
    """

    parts = 2

    def __init__(self, *, window: int = 9) -> None:
        if _at_least_one("window", window) % 2 == 0:
            raise ValueError(f"window must be odd, got {window}; try {window + 1}")
        self.window = window

    def of(self, features: Tensor) -> Statistic:
        """(N, C, H, W) -> ((N, C), (N, C, C))."""
        texture = (features - _local_mean(features, self.window)).flatten(2)
        return features.mean(dim=(2, 3)), texture @ texture.transpose(1, 2) / texture.shape[2]


class SlicedMomentStatistic(StyleStatistic):
    """Mean and standard deviation of the features along random directions.

    Squared differences of these are the sliced Wasserstein distance of two Gaussians, (Δμ)² + (Δσ)² per direction. They
    depend on the whole covariance C, because σ_d² = dᵀ C d, but σ grows linearly with contrast, and a covariance with
    its square: so pictures far from the paintings do not dominate a step, and training is more stable.

    Args:
        directions: number of random projections per layer.
        seed: seed of the directions, which are constant in a run.
    """

    parts = 2

    def __init__(self, *, directions: int = 256, seed: int = 0) -> None:
        self.directions, self.seed = _at_least_one("directions", directions), seed

    def of(self, features: Tensor) -> Statistic:
        """(N, C, H, W) -> ((N, directions), (N, directions))."""
        mean, covariance = moments(features)
        directions = fixed_directions(mean.shape[1], self.directions, self.seed).to(mean)
        variance = (directions * (covariance @ directions)).sum(dim=1)  # dᵀ C d, (N, directions)
        return mean @ directions, (variance.clamp(min=0) + _LEAST_VARIANCE).sqrt()


class SlicedStatistic(StyleStatistic):
    """Quantiles of the features along random directions: sliced Wasserstein distance (Heitz et al., 2021).

    Mean squared differences of these are the distance, because in one dimension optimal transport pairs quantiles.
    Departures: directions are constant in a run, so that a painting's quantiles are computed once; and at most
    `positions` positions of a picture are used.

    Args:
        directions: number of random projections per layer.
        quantiles: number of quantiles per direction.
        positions: largest number of positions of a picture, drawn at random each time.
        seed: seed of the directions.
    """

    def __init__(self, *, directions: int = 64, quantiles: int = 256, positions: int = 4096, seed: int = 0) -> None:
        self.directions, self.quantiles = _at_least_one("directions", directions), _at_least_one("quantiles", quantiles)
        self.positions, self.seed = _at_least_one("positions", positions), seed

    def of(self, features: Tensor) -> Statistic:
        """(N, C, H, W) -> ((N, quantiles, directions),)."""
        flat = features.flatten(2).transpose(1, 2)  # (N, H W, C)
        if flat.shape[1] > self.positions:
            flat = flat[:, torch.randperm(flat.shape[1], device=flat.device)[: self.positions]]
        directions = fixed_directions(flat.shape[2], self.directions, self.seed).to(flat)
        return (quantiles((flat @ directions).sort(dim=1).values, self.quantiles),)


def _local_mean(features: Tensor, window: int) -> Tensor:
    """The mean over a window around each position, of positions inside the picture: (N, C, H, W) -> the same shape.

    Two convolutions, over columns and over rows: on a CPU they take a tenth of avg_pool2d's time, which was a fifth of
    a training step.
    """
    summed = features
    for kernel, padding in (((window, 1), (window // 2, 0)), ((1, window), (0, window // 2))):
        ones = features.new_ones(features.shape[1], 1, *kernel)
        summed = conv2d(summed, ones, padding=padding, groups=features.shape[1])
    inside = avg_pool2d(torch.ones_like(features[:1, :1]), window, stride=1, padding=window // 2)  # share inside
    return summed / (inside * window**2)


def fixed_directions(channels: int, count: int, seed: int) -> Tensor:
    """Random unit vectors, a function of the seed: (channels, count), one per column."""
    drawn = torch.randn(channels, count, generator=torch.Generator().manual_seed(seed))
    return drawn / drawn.norm(dim=0, keepdim=True)


def quantiles(ordered: Tensor, count: int) -> Tensor:
    """Sorted values (N, M, K) -> their quantiles at (i + ½) / count, (N, count, K), linear between neighbours."""
    length = ordered.shape[1]
    position = ((torch.arange(count, device=ordered.device) + 0.5) / count * length - 0.5).clamp(0, length - 1)
    low = position.floor().long()
    high = (low + 1).clamp(max=length - 1)
    share = (position - low).view(1, -1, 1)
    return ordered[:, low] * (1 - share) + ordered[:, high] * share


def _at_least_one(name: str, value: int) -> int:
    if value < 1:
        raise ValueError(f"{name} must be at least 1, got {value}")
    return value
