"""Kernel inception distance: distance of two sets of pictures, without FID's bias for small sets."""

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_of_counts
from stylegan_pl.metrics.features import SetFeatures
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.two_sets import FeatureSets


def polynomial_kernel(a: Tensor, b: Tensor) -> Tensor:
    """k(x, y) = (xᵀy / d + 1)³ for all pairs of rows: (M, d), (N, d) -> (M, N)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def kernel_distance(a: Tensor, b: Tensor) -> Tensor:
    """Unbiased MMD² of two sets, (M, d) and (N, d) -> scalar; may be slightly below 0 for similar sets.

    Σ_{i≠j} k(a_i, a_j) / M(M−1) + Σ_{i≠j} k(b_i, b_j) / N(N−1) − 2 Σ_ij k(a_i, b_j) / MN; nan if M or N is 1.

    >>> import torch
    >>> from stylegan_pl.metrics.kid import kernel_distance
    >>> zeros, ones = torch.zeros(5, 4), torch.ones(6, 4)  # 5 and 6 pictures, 4 features
    >>> kernel_distance(zeros, ones)  # (0 + 1)³ + (1 + 1)³ − 2 (0 + 1)³
    tensor(7.)
    """
    kernels = polynomial_kernel(a, a), polynomial_kernel(b, b), polynomial_kernel(a, b)
    return _weighted_distance(*kernels, a.new_ones(len(a)), b.new_ones(len(b)))


def _weighted_distance(aa: Tensor, bb: Tensor, ab: Tensor, times_a: Tensor, times_b: Tensor) -> Tensor:
    """Unbiased MMD² from kernel matrices, with each row repeated; pairs of a row and its copy are excluded."""
    within_a, within_b = (_mean_off_diagonal(k, times) for k, times in ((aa, times_a), (bb, times_b)))
    across = times_a @ ab @ times_b / (times_a.sum() * times_b.sum())
    return within_a + within_b - 2 * across


def _mean_off_diagonal(kernel: Tensor, times: Tensor) -> Tensor:
    total = times @ kernel @ times - times.square() @ kernel.diagonal()
    return total / (times.sum().square() - times.square().sum())


def kernel_distance_of_subsets(
    a: Tensor, b: Tensor, *, subsets: int, subset_size: int, seed: int = 0
) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of `kernel_distance` over random subsets without replacement, as published.

    Raises:
        ValueError: a set is smaller than a subset.
    """
    smaller = min(len(a), len(b))
    if not 2 <= subset_size <= smaller:
        raise ValueError(f"subset_size must be from 2 to {smaller}, the smaller set; got {subset_size}; try {smaller}")
    random = torch.Generator().manual_seed(seed)
    aa, bb, ab = polynomial_kernel(a, a), polynomial_kernel(b, b), polynomial_kernel(a, b)
    ones = a.new_ones(subset_size)
    values = []
    for _ in range(subsets):
        i, j = (torch.randperm(len(x), generator=random)[:subset_size].to(x.device) for x in (a, b))
        values.append(_weighted_distance(aa[i][:, i], bb[j][:, j], ab[i][:, j], ones, ones))
    drawn = torch.stack(values)
    return drawn.mean(), drawn.std(correction=0)


class KID(FeatureSets):
    """Bińkowski et al. (2018): unbiased MMD² of features under k(x, y) = (xᵀy/d + 1)³; not × 1000.

    Unbiased at any N, so it is suitable for a few hundred paintings. Published KIDs are means over random subsets,
    which estimate the same value with more noise: `compute` uses all pictures. The published mean and deviation are the
    factors `subsets` and `subsets_deviation`, if both sets have as many pictures as a subset. Computed in float64. nan
    if a set has one picture.

    Departure: a bootstrap sample contains copies of pictures; pairs of a picture and its copy are excluded, because the
    interval would otherwise be above the score.

    Args:
        features: the feature vectors.
        subset_size, subset_count: of the factors; published: 1000 and 100, which needs 1000 pictures per set.
        seed: seed of the subsets and of the interval.
    """

    higher_is_better = False

    def __init__(
        self, *, features: SetFeatures, subset_size: int = 100, subset_count: int = 100, seed: int = 0
    ) -> None:
        super().__init__(features=features)
        if subset_size < 2 or subset_count < 1:
            raise ValueError(
                f"subset_size must be at least 2 and subset_count at least 1, got {subset_size} and {subset_count}"
            )
        self.subset_size, self.subset_count, self.seed = subset_size, subset_count, seed

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return kernel_distance(real, fake)

    def subsets(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation over subsets; independent of batches and ranks."""
        real, fake = self._sets()
        return kernel_distance_of_subsets(
            real, fake, subsets=self.subset_count, subset_size=self.subset_size, seed=self.seed
        )

    def _factors(self) -> dict[str, float]:
        if min(len(rows) for rows in self._sets()) < self.subset_size:
            return {}
        mean, deviation = self.subsets()
        return {"subsets": float(mean), "subsets_deviation": float(deviation)}

    def _interval(self, samples: int, value: float) -> Interval:
        real, fake = self._sets()
        kernels = polynomial_kernel(real, real), polynomial_kernel(fake, fake), polynomial_kernel(real, fake)

        def again(times_real: Tensor, times_fake: Tensor) -> Tensor:
            return _weighted_distance(*kernels, times_real, times_fake)

        return bootstrap_of_counts([len(real), len(fake)], again, samples=samples, seed=self.seed)
