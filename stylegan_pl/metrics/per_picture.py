"""Metrics that give each picture, beside its photograph, a value of its own."""

from abc import abstractmethod

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.gather import gather_rows
from stylegan_pl.metrics.kinds import Interval, PairMetric, full_precision


class PerPicture(PairMetric):
    """Every picture's value is kept, and gathered from all ranks; the score is their mean."""

    values: list[Tensor]

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=gather_rows)
        self.add_state("values", default=[], dist_reduce_fx="cat")

    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add pictures beside their photographs, (N, 3, H, W) in [-1, 1] each.

        Raises:
            ValueError: there are more of the one than of the other, or their sizes differ.
        """
        check_pairs(stylised, content)
        if len(stylised):
            with full_precision(stylised.device):
                self.values.append(self._each(stylised.detach().float(), content.detach().float()))

    @abstractmethod
    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        """The value of each picture: (N, 3, H, W) in float32 each -> (N,)."""

    @property
    def n_pictures(self) -> int:
        """Pictures seen by this rank: N."""
        return sum(row.numel() for row in self.values)  # rows of a gathered tensor have one number each

    def _value(self) -> Tensor:
        return self.per_picture().mean()

    def per_picture(self) -> Tensor:
        """Each picture's value, (N,).

        Raises:
            ValueError: there is none.
        """
        if len(self.values) == 0:
            raise ValueError("there is no picture to compare; call update(stylised, content) first")
        # torchmetrics hands over lists within a rank and one tensor after gathering ranks
        return torch.cat(list(self.values)) if isinstance(self.values, list) else self.values

    def _interval(self, samples: int, value: float) -> Interval:
        # sorted: the same however pictures were spread over batches and ranks
        return bootstrap_interval(self.per_picture().sort().values, torch.mean, samples=samples)


def check_pairs(stylised: Tensor, content: Tensor) -> None:
    """Refuse pictures that do not stand beside photographs of the same number and size.

    Raises:
        ValueError: as said.
    """
    if stylised.shape != content.shape:
        raise ValueError(
            f"each picture stands beside its photograph in the same size, got {tuple(stylised.shape)} and "
            f"{tuple(content.shape)}; crop or resize one of them"
        )
