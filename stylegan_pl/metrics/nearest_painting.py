"""How far each picture is from the one painting that it is most like."""

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.by_painting import ByPainting, by_painting
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.style_distance import spread


class NearestPainting(ByPainting):
    """Mean over pictures of min_A d(G, A), d(G, A) = mean_l ‖s_l(G) − s_l(A)‖² / (2 · spread_l).

    s_l are the means and deviations of layer l's channels, spread_l is how far the paintings lie from their mean,
    E ‖s_l(A) − E s_l‖²; so two paintings drawn at random are at distance 1, whatever the network and its layers.
    Paintings of a collection differ more from each other than photographs differ from their mean: a distance to the
    mean asks for a picture that nobody painted, this one for a picture like any of theirs. A generator that knows a
    single painting does well here; `style_distance`, which looks at the set, tells it.

    It falls a little as the number of paintings grows. Of paintings alone: each crop against those of all other
    paintings, its own left out. nan where there is one painting crop.

    Args:
        features: `TapStatistics` of a network.
    """

    higher_is_better = False

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return self._each(real, fake).mean()

    @staticmethod
    def _each(real: Tensor, fake: Tensor) -> Tensor:
        """Each picture's distance, (N,), in ascending order."""
        paintings, _ = by_painting(real)
        return distances(fake, paintings, paintings).amin(dim=1).sort().values

    def _interval(self, samples: int, value: float) -> Interval:
        """Over pictures; the paintings stay."""
        return bootstrap_interval(self._each(*self._sets()), torch.mean, samples=samples)

    def _among_paintings(self) -> Tensor:
        paintings, numbers = by_painting(self._paintings())
        if len(paintings) < 2:
            return torch.tensor(torch.nan)
        own = numbers[:, None] == numbers
        return distances(paintings, paintings, paintings).masked_fill(own, torch.inf).amin(dim=1).mean()


def distances(a: Tensor, b: Tensor, paintings: Tensor) -> Tensor:
    """d of each of (N, L, d) with each of (M, L, d) -> (N, M); in units of the paintings', (K, L, d), spread."""
    unit = (2 * a.shape[1] * spread(paintings)).sqrt()[:, None]  # (L, 1)
    return torch.cdist((a / unit).flatten(1), (b / unit).flatten(1)).square()
