"""Distance of each picture to its nearest painting."""

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.by_painting import ByPainting, by_painting
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.style_distance import spread


class NearestPainting(ByPainting):
    """Mean over pictures of min_A d(G, A), d(G, A) = mean_l ‖s_l(G) − s_l(A)‖² / (2 · spread_l).

    s_l are the means and standard deviations of layer l's channels, spread_l is E ‖s_l(A) − E s_l‖² over paintings. So
    two random paintings have an expected distance of 1, for any network and layers. Paintings of a collection differ so
    much that their mean is like none of them; this metric instead asks for a picture like one of them. A generator that
    imitates a single painting scores well; `style_distance`, over the set, shows that.

    It decreases slightly with the number of paintings. For the ceiling, each crop is compared with crops of all other
    paintings. nan if there is only one crop of a painting.

    Args:
        features: `TapStatistics` of a network.
    """

    higher_is_better = False

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return self._each(real, fake).mean()

    @staticmethod
    def _each(real: Tensor, fake: Tensor) -> Tensor:
        """Each picture's distance, (N,), sorted."""
        paintings, _ = by_painting(real)
        return distances(fake, paintings, paintings).amin(dim=1).sort().values

    def _interval(self, samples: int, value: float) -> Interval:
        """Resamples pictures, but not paintings."""
        return bootstrap_interval(self._each(*self._sets()), torch.mean, samples=samples)

    def _among_paintings(self) -> Tensor:
        paintings, numbers = by_painting(self._paintings())
        if len(paintings) < 2:
            return torch.tensor(torch.nan)
        own = numbers[:, None] == numbers
        return distances(paintings, paintings, paintings).masked_fill(own, torch.inf).amin(dim=1).mean()


def distances(a: Tensor, b: Tensor, paintings: Tensor) -> Tensor:
    """d of all pairs of (N, L, d) and (M, L, d) -> (N, M), relative to the spread of `paintings`, (K, L, d)."""
    unit = (2 * a.shape[1] * spread(paintings)).sqrt()[:, None]  # (L, 1)
    return torch.cdist((a / unit).flatten(1), (b / unit).flatten(1)).square()
