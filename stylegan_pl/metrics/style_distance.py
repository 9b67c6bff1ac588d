"""Distance of a set's mean from the paintings' mean, relative to the paintings' own spread."""

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_of_counts
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.two_sets import FeatureSets


class StyleDistance(FeatureSets):
    """mean_l ‖E s_l(G) − E s_l(A)‖² / E ‖s_l(A) − E s_l(A)‖²: s_l: mean and deviation of layer l's channels.

    1: as far from the paintings' mean as a painting is, on average, so scores with other networks, layers and weights
        have
    a similar scale. It decreases slightly with N, like every distance of means. A set of pictures that are all like the
    mean painting, but like none of them, scores well, so read it together with `nearest_painting`. nan if there is only
    one crop of a painting.

    Args:
        features: `TapStatistics` of a network.
    """

    higher_is_better = False

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return ((real.mean(dim=0) - fake.mean(dim=0)).square().sum(dim=1) / spread(real)).mean()

    def _interval(self, samples: int, value: float) -> Interval:
        """Resamples both sets; the unit stays constant."""
        real, fake = self._sets()
        unit = (real.shape[1] * spread(real)).sqrt()[:, None]
        rows = [(rows / unit).flatten(1) for rows in (real, fake)]

        def again(*times: Tensor) -> Tensor:
            means = [each @ of / each.sum() for each, of in zip(times, rows, strict=True)]
            return (means[0] - means[1]).square().sum()

        return bootstrap_of_counts([len(real), len(fake)], again, samples=samples, around=value)


def spread(rows: Tensor) -> Tensor:
    """(M, L, d) -> (L,): E ‖row − E row‖² of each layer; nan if there is only one row."""
    return rows.var(dim=0, correction=0).sum(dim=1) if len(rows) > 1 else rows.new_full(rows.shape[1:2], torch.nan)
