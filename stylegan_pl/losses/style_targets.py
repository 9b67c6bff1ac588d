"""Which paintings are a photograph's style target: one, the most uniform group, the nearest, or the mean of all.

The average of many different paintings has the strokes of none of them (Sanakoyeu et al., 2018, figure 2), so there are
several choices. A target is a mixture of whole paintings; if there are several targets, a photograph uses the nearest.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor

from stylegan_pl.errors import ConfigError


class StyleTarget(ABC):
    """Base class: paintings -> mixtures of them, the targets."""

    @abstractmethod
    def mixtures(self, described: Tensor, names: Sequence[str]) -> Tensor:
        """Weights of the paintings in each target.

        Args:
            described: (P, D), one row per painting: means of its channels, centred and scaled.
            names: file names of the paintings.

        Returns:
            (T, P); rows sum to 1.
        """


class AllPaintings(StyleTarget):
    """The mean of all paintings: a style loss over random paintings has the same target, but with noise."""

    def mixtures(self, described: Tensor, names: Sequence[str]) -> Tensor:
        """(1, P) with equal weights."""
        return torch.full((1, len(names)), 1 / len(names))


class OnePainting(StyleTarget):
    """A single painting, with all its strokes.

    Args:
        name: part of its file name; None if the set has only one painting.
    """

    def __init__(self, *, name: str | None = None) -> None:
        self.name = name

    def mixtures(self, described: Tensor, names: Sequence[str]) -> Tensor:
        """(1, P), with 1 at the painting.

        Raises:
            ConfigError: no file name contains `name`, or several do.
        """
        found = [at for at, name in enumerate(names) if self.name is None or self.name in name]
        if len(found) != 1:
            known = ", ".join(names[:5]) + (", …" if len(names) > 5 else "")
            raise ConfigError(
                f"style_target.name={self.name or 'null'}: {len(found)} of {len(names)} paintings; type a part of one "
                f"file's name that no other has ({known})"
            )
        return torch.eye(len(names))[found]


class Clusters(StyleTarget, ABC):
    """Base class of targets from clusters of the paintings.

    Args:
        groups: number of clusters.
        seed: seed of the first centres.
    """

    def __init__(self, *, groups: int = 3, seed: int = 0) -> None:
        self.groups, self.seed = groups, seed

    def clusters(self, described: Tensor) -> tuple[Tensor, Tensor]:
        """The cluster of each painting (P,), and the centres (K, D)."""
        return k_means(described, self.groups, self.seed)


class CoherentGroup(Clusters):
    """The mean of the cluster whose paintings are most alike."""

    def mixtures(self, described: Tensor, names: Sequence[str]) -> Tensor:
        """(1, P): equal weights in the cluster with the smallest mean squared distance to its centre."""
        labels, centres = self.clusters(described)
        spread = (described - centres[labels]).square().sum(dim=1)
        sizes = torch.bincount(labels, minlength=len(centres))
        # a cluster of one or two paintings is always tight, so it must have at least half of an equal share
        enough = [group for group in range(len(centres)) if sizes[group] * 2 * len(centres) >= len(names)]
        tightest = min(enough, key=lambda group: float(spread[labels == group].mean()))
        return (labels == tightest).float().unsqueeze(0) / sizes[tightest]


class NearestGroup(Clusters):
    """The means of all clusters; each photograph uses the nearest."""

    def mixtures(self, described: Tensor, names: Sequence[str]) -> Tensor:
        """(K, P): one row per cluster, with equal weights in it."""
        labels, centres = self.clusters(described)
        members = torch.nn.functional.one_hot(labels, len(centres)).float().T
        return members / members.sum(dim=1, keepdim=True)


class NearestPainting(StyleTarget):
    """Every painting is a target; each photograph uses the nearest."""

    def mixtures(self, described: Tensor, names: Sequence[str]) -> Tensor:
        """(P, P): the identity matrix."""
        return torch.eye(len(names))


def k_means(points: Tensor, groups: int, seed: int, *, rounds: int = 50) -> tuple[Tensor, Tensor]:
    """k-means, started with k-means++: (P, D) -> labels (P,), centres (K, D); no cluster is empty.

    Args:
        groups: the number of clusters K; fewer if there are fewer points.

    Raises:
        ValueError: groups is below 1.
    """
    if groups < 1:
        raise ValueError(f"groups must be at least 1, got {groups}; try 3")
    generator = torch.Generator().manual_seed(seed)
    points = points.double().cpu()
    first = torch.randint(len(points), (1,), generator=generator)
    centres = points[first]
    while len(centres) < min(groups, len(points)):
        far = torch.cdist(points, centres).min(dim=1).values.square()
        if float(far.sum()) == 0:
            break  # there are fewer distinct points than groups
        centres = torch.cat([centres, points[torch.multinomial(far, 1, generator=generator)]])
    labels = torch.cdist(points, centres).argmin(dim=1)
    for _ in range(rounds):
        filled = [group for group in range(len(centres)) if bool((labels == group).any())]
        centres = torch.stack([points[labels == group].mean(dim=0) for group in filled])
        new = torch.cdist(points, centres).argmin(dim=1)
        if torch.equal(new, labels):
            break
        labels = new
    _, labels = labels.unique(return_inverse=True)
    centres = torch.stack([points[labels == group].mean(dim=0) for group in range(int(labels.max()) + 1)])
    return labels, centres.float()
