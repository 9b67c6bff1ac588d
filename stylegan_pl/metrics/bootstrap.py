"""How far a score would move if other pictures of the same kind had been drawn."""

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
    """Percentile bootstrap (Efron, 1979), 95 %: (low, high) of `statistic` over sets drawn anew with replacement.

    >>> import torch
    >>> from stylegan_pl.metrics.bootstrap import bootstrap_interval
    >>> scores = torch.linspace(0, 1, 101)  # of 101 pictures
    >>> low, high = bootstrap_interval(scores, torch.mean)
    >>> round(low, 2), round(high, 2)
    (0.44, 0.56)

    Args:
        drawn: what was observed, a row a picture, (N, …); or several such sets, each resampled by itself, that
            `statistic` takes side by side. Rows may be values, features, or row numbers of something precomputed.
        statistic: resampled rows -> scalar.
        samples: resamplings.
        seed: of these, so that the same pictures give the same interval.
        around: of a distance, the score itself. A set drawn with replacement has fewer pictures that differ, and so
            lies further off, always; what is told is then how far the resampled values spread, laid around the score.

    Raises:
        ValueError: a set is empty, or there are no samples.
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
    if around is not None:
        resampled = resampled - resampled.mean() + around
    tails = torch.tensor([(1 - _LEVEL) / 2, (1 + _LEVEL) / 2], dtype=torch.float64)
    low, high = resampled.quantile(tails).tolist()
    return low, high


def bootstrap_of_counts(
    sizes: Sequence[int], statistic: Callable[..., Tensor], *, samples: int, seed: int = 0, around: float | None = None
) -> tuple[float, float]:
    """The same of a statistic that is told how often each row was drawn: for what is computed of all rows once.

    Args:
        sizes: rows of each set.
        statistic: counts of each set, (N,) in float64 -> scalar.
        samples, seed, around: see `bootstrap_interval`.
    """

    def of_rows(*picks: Tensor) -> Tensor:
        counts = (pick.bincount(minlength=n).double() for pick, n in zip(picks, sizes, strict=True))
        return statistic(*counts)

    rows = [torch.arange(n) for n in sizes]
    return bootstrap_interval(rows, of_rows, samples=samples, seed=seed, around=around)
