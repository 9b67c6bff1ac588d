"""Bootstrap intervals: how much a score depends on the choice of pictures."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

_LEVEL = 0.95


def bootstrap_interval(
    drawn: Tensor | Sequence[Tensor],
    statistic: Callable[..., Tensor],
    *,
    samples: int = 1000,
    seed: int = 0,
    around: float | None = None,
) -> tuple[float, float]:
    """Percentile bootstrap (Efron, 1979), 95 %: (low, high) of `statistic` over sets resampled with replacement.

    >>> import torch
    >>> from stylegan_pl.metrics.bootstrap import bootstrap_interval
    >>> scores = torch.linspace(0, 1, 101)  # of 101 pictures
    >>> low, high = bootstrap_interval(scores, torch.mean)
    >>> round(low, 2), round(high, 2)
    (0.44, 0.56)

    Args:
        drawn: the sample, (N, …), one row per picture; or several sets, which are resampled separately and are the
            arguments of `statistic`. Rows may be values, features, or indices into something precomputed.
        statistic: resampled rows -> scalar.
        samples: number of resamples.
        seed: seed, so that the same pictures give the same interval.
        around: for a distance, the score itself. A resampled set has repeated pictures, which always increases a
            distance; so the interval's width is taken from the resamples, but its centre is the score.

    Raises:
        ValueError: a set is empty, or `samples` is 0.
    """
    sets = [drawn] if isinstance(drawn, Tensor) else list(drawn)
    if samples < 1 or not sets or any(len(rows) == 0 for rows in sets):
        sizes = [len(rows) for rows in sets]
        raise ValueError(f"a bootstrap needs a sample and a row in every set, got samples={samples} and {sizes} rows")
    random = torch.Generator().manual_seed(seed)
    values = []
    for _ in range(samples):
        picks = [torch.randint(len(rows), (len(rows),), generator=random) for rows in sets]
        values.append(statistic(*(rows[pick.to(rows.device)] for rows, pick in zip(sets, picks, strict=True))))
    resampled = torch.stack(values).to("cpu", torch.float64)
    resampled = resampled[resampled.isfinite()]  # of few rows, one may be drawn every time, which has no distance
    if len(resampled) == 0:
        return math.nan, math.nan
    if around is not None:
        resampled = resampled - resampled.mean() + around
    tails = torch.tensor([(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], dtype=torch.float64)
    low, high = resampled.quantile(tails).tolist()
    return low, high


def bootstrap_of_counts(
    sizes: Sequence[int], statistic: Callable[..., Tensor], *, samples: int, seed: int = 0, around: float | None = None
) -> tuple[float, float]:
    """The same for a statistic of counts, so that expensive parts can be computed once for all rows.

    Args:
        sizes: number of rows of each set.
        statistic: how often each row of each set was drawn, (N,) in float64 -> scalar.
        samples, seed, around: see `bootstrap_interval`.
    """

    def of_rows(*picks: Tensor) -> Tensor:
        counts = (pick.bincount(minlength=n).double() for pick, n in zip(picks, sizes, strict=True))
        return statistic(*counts)

    rows = [torch.arange(n) for n in sizes]
    return bootstrap_interval(rows, of_rows, samples=samples, seed=seed, around=around)
