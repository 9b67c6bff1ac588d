"""Base of metrics that know which crops are of the same painting, to exclude comparisons of a painting with itself."""

import torch
from torch import Tensor

from stylegan_pl.metrics.kinds import full_precision
from stylegan_pl.metrics.two_sets import FeatureSets


class ByPainting(FeatureSets):
    """Keeps one more row after a painting's rows, filled with the painting's index; −1 if unknown."""

    def add_paintings(self, images: Tensor, sources: Tensor | None = None) -> None:
        """See `PictureMetric`."""
        self.update(images, real=True, sources=sources)

    def update(self, images: Tensor, *, real: bool, sources: Tensor | None = None) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings (`real`, with `sources`) or the stylised."""
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
    """Rows of `ByPainting` -> rows of all crops, and the index of each crop's painting, (M,), from 0 on.

    A crop of an unknown painting counts as its own painting; if all crops are of one painting, each counts as its own.
    """
    return real[:, :-1], numbered(real[:, -1, 0])


def numbered(sources: Tensor) -> Tensor:
    """Indices of paintings, (M,), −1 if unknown -> consecutive from 0, in the same order; see `by_painting`."""
    known = sources.long()
    unknown = known < 0
    known[unknown] = known.max().clamp(min=-1) + 1 + torch.arange(int(unknown.sum()), device=known.device)
    paintings, numbers = known.unique(return_inverse=True)
    return torch.arange(len(known), device=known.device) if len(paintings) == 1 else numbers
