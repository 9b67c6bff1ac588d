"""Fréchet inception distance: distance of two sets of pictures, as Gaussians of features."""

from collections.abc import Callable

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_of_counts
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.two_sets import FeatureSets


def frechet_distance(mean_a: Tensor, cov_a: Tensor, mean_b: Tensor, cov_b: Tensor) -> Tensor:
    """‖μ_a − μ_b‖² + Tr(Σ_a + Σ_b − 2 (Σ_a Σ_b)^½) of two Gaussians, (d,) and (d, d) each -> scalar in float64."""
    return _from_roots(mean_a, _root(cov_a.double()), mean_b, _root(cov_b.double()))


def frechet_distance_of_sets(a: Tensor, b: Tensor) -> Tensor:
    """The same for the sets' means and (N − 1) covariances: (M, d), (N, d) -> scalar in float64.

    nan if a set has only one row.

    >>> import torch
    >>> from stylegan_pl.metrics.fid import frechet_distance_of_sets
    >>> paintings = torch.tensor([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0]])  # three pictures, two features
    >>> round(frechet_distance_of_sets(paintings, paintings + 3).item(), 6)  # 3² + 3²: the means alone differ
    18.0
    """
    if min(len(a), len(b)) < 2:
        return torch.tensor(torch.nan, dtype=torch.float64)
    a, b = a.double(), b.double()
    return _from_roots(a.mean(dim=0), _root_of_set(a), b.mean(dim=0), _root_of_set(b))


def _from_roots(mean_a: Tensor, root_a: Tensor, mean_b: Tensor, root_b: Tensor) -> Tensor:
    """For Σ = RᵀR the eigenvalues of Σ_a Σ_b are the squared singular values of R_a R_bᵀ.

    So Tr (Σ_a Σ_b)^½ is their sum. No matrix root is needed, which could be indefinite by rounding, and covariances
    without full rank need no ε on the diagonal.
    """
    trace_of_root = torch.linalg.svdvals(root_a @ root_b.T).sum()
    spread = root_a.square().sum() + root_b.square().sum() - 2 * trace_of_root
    return (mean_a.double() - mean_b.double()).square().sum() + spread.clamp(min=0)  # may be below 0 by rounding


def _root(cov: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(cov)
    return (vectors * values.clamp(min=0).sqrt()).T


def _root_of_set(rows: Tensor) -> Tensor:
    root = (rows - rows.mean(dim=0)) / (len(rows) - 1) ** 0.5
    return torch.linalg.qr(root, mode="r").R if len(rows) > rows.shape[1] else root


def frechet_distance_of_counts(a: Tensor, b: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
    """`frechet_distance_of_sets` of resampled rows, from how often each was drawn: (M,), (N,) -> scalar.

    All products of rows are computed once, if there are at most as many rows as dimensions; and singular values only
    for distinct rows, about 63 % after drawing N of N.
    """
    if max(len(a), len(b)) > a.shape[1]:

        def of_rows(times_a: Tensor, times_b: Tensor) -> Tensor:
            drawn = (x.repeat_interleave(times.long(), dim=0) for x, times in ((a, times_a), (b, times_b)))
            return frechet_distance_of_sets(*drawn)

        return of_rows
    centre = a.mean(dim=0)
    a, b = (a - centre).double(), (b - centre).double()
    aa, bb, ab = a @ a.T, b @ b.T, a @ b.T

    def of_products(times_a: Tensor, times_b: Tensor) -> Tensor:
        share_a, share_b = times_a / times_a.sum(), times_b / times_b.sum()
        norm_a, norm_b = share_a @ aa @ share_a, share_b @ bb @ share_b  # squared norms of the means
        product = share_a @ ab @ share_b
        spread_a, spread_b = share_a @ aa.diagonal() - norm_a, share_b @ bb.diagonal() - norm_b
        drawn_a, drawn_b = times_a.nonzero().squeeze(1), times_b.nonzero().squeeze(1)
        centred = ab - (share_a @ ab) - (ab @ share_b)[:, None] + product
        roots = share_a[drawn_a, None].sqrt() * centred[drawn_a][:, drawn_b] * share_b[drawn_b].sqrt()
        m, n = times_a.sum() / (times_a.sum() - 1), times_b.sum() / (times_b.sum() - 1)  # N / (N − 1)
        spread = m * spread_a + n * spread_b - 2 * (m * n).sqrt() * torch.linalg.svdvals(roots).sum()
        return norm_a + norm_b - 2 * product + spread.clamp(min=0)

    return of_products


class FID(FeatureSets):
    """Heusel et al. (2017): Fréchet distance of features, ‖Δμ‖² + Tr(Σ1 + Σ2 − 2(Σ1Σ2)^½), N − 1 covariances, float64.

    Biased: it decreases with N, by tens up to some thousand pictures. Compare only at equal N, and use KID for small
        sets.
    `features` defines network and resizing; see `metrics.inception` for the protocols `fid_clean` and `fid_legacy`. nan
    if a set has one picture.

    Args:
        features: the feature vectors.
    """

    higher_is_better = False
    most_resamples = 100  # each needs singular values of an N × M matrix

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return frechet_distance_of_sets(real, fake)

    def _interval(self, samples: int, value: float) -> Interval:
        real, fake = self._sets()
        again = frechet_distance_of_counts(real, fake)
        return bootstrap_of_counts([len(real), len(fake)], again, samples=samples, around=value)
