"""Metrics that compare what two sets are on average."""

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_of_counts
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.two_sets import TwoSets


class OfMeans(TwoSets):
    """‖mean of the paintings' rows − mean of the stylised pictures' rows‖². Weights and divisors are in the rows.

    It falls as N grows, by about the rows' variance / N.
    """

    higher_is_better = False

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return (real.mean(dim=0) - fake.mean(dim=0)).square().sum()

    def _interval(self, samples: int, value: float) -> Interval:
        """All products of rows are computed once, as rows may be long."""
        real, fake = self._sets()
        rows = torch.cat([real, fake])
        rows -= real.mean(dim=0)  # so that rounding is of what differs
        products = (rows @ rows.T).to("cpu", torch.float64)

        def again(times_real: Tensor, times_fake: Tensor) -> Tensor:
            share = torch.cat([times_real / times_real.sum(), -times_fake / times_fake.sum()])
            return share @ products @ share

        return bootstrap_of_counts([len(real), len(fake)], again, samples=samples, around=value)
