"""Metrics that know which crops are of one painting, so that no painting is judged by what was learned of itself."""

import torch
from torch import Tensor

from stylegan_pl.metrics.kinds import full_precision
from stylegan_pl.metrics.two_sets import FeatureSets


class ByPainting(FeatureSets):
    """Behind a painting's rows stands one more, full of the painting's number; −1 where it is not known."""

    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """See `PictureMetric`."""
        self.update(images, real=True, sources=sources)

    def update(self, images: Tensor, *, real: bool, sources: Tensor | None = None) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings or to the stylised; `sources` are of paintings."""
        if not real:
            super().update(images, real=False)
        elif len(images):
            with full_precision(images.device):
                rows = self._kept(images.detach().float())  # (N, …, d)
            numbers = torch.full((len(rows),), -1) if sources is None else sources
            self.real.append(torch.cat([rows, numbers.to(rows).view(-1, 1, 1).expand_as(rows[:, :1])], dim=1))

    @property
    def paintings_key(self) -> str | None:
        """See `SetMetric`."""
        return None if self.features.key is None else f"{self.features.key} by painting"


def by_painting(real: Tensor) -> tuple[Tensor, Tensor]:
    """Rows as `ByPainting` keeps them -> those of all crops, and the number of each one's painting, (M,), from 0 on.

    A crop whose painting is not known stands for a painting of its own, and so does each where all are of one.
    """
    return real[:, :-1], numbered(real[:, -1, 0])


def numbered(sources: Tensor) -> Tensor:
    """Numbers of paintings, (M,), −1 where not known -> from 0 on, in the order of the old; see `by_painting`."""
    known = sources.long()
    unknown = known < 0
    known[unknown] = known.max().clamp(min=-1) + 1 + torch.arange(int(unknown.sum()), device=known.device)
    paintings, numbers = known.unique(return_inverse=True)
    return torch.arange(len(known), device=known.device) if len(paintings) == 1 else numbers
