"""Base of metrics with one value per picture, compared with its photograph."""

from abc import abstractmethod

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.gather import gather_rows
from stylegan_pl.metrics.kinds import Interval, PairMetric, full_precision


class PerPicture(PairMetric):
    """Keeps every picture's value, and gathers them from all ranks; the score is their mean."""

    values: list[Tensor]

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=gather_rows)
        self.add_state("values", default=[], dist_reduce_fx="cat")

    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add pictures and their photographs, both (N, 3, H, W) in [-1, 1].

        Raises:
            ValueError: their numbers or sizes differ.
        """
        check_pairs(stylised, content)
        if len(stylised):
            with full_precision(stylised.device):
                self.values.append(self._each(stylised.detach().float(), content.detach().float()))

    @abstractmethod
    def _each(self, stylised: Tensor, content: Tensor) -> Tensor:
        """The value of each picture: both (N, 3, H, W) in float32 -> (N,)."""

    @property
    def n_pictures(self) -> int:
        """Number of pictures of this rank."""
        return sum(row.numel() for row in self.values)  # each row of a gathered tensor is one number

    def _value(self) -> Tensor:
        return self.per_picture().mean()

    def per_picture(self) -> Tensor:
        """Each picture's value, (N,).

        Raises:
            ValueError: there are no pictures.
        """
        if len(self.values) == 0:
            raise ValueError("there is no picture to compare; call update(stylised, content) first")
        # in torchmetrics, a state is a list on one rank and a tensor after gathering
        return torch.cat(list(self.values)) if isinstance(self.values, list) else self.values

    def _interval(self, samples: int, value: float) -> Interval:
        # sorted, so that batches and ranks have no effect
        return bootstrap_interval(self.per_picture().sort().values, torch.mean, samples=samples)


def check_pairs(stylised: Tensor, content: Tensor) -> None:
    """Refuse pictures and photographs that differ in number or size.

    Raises:
        ValueError: they differ.
    """
    if stylised.shape != content.shape:
        raise ValueError(
            f"each picture stands beside its photograph in the same size, got {tuple(stylised.shape)} and "
            f"{tuple(content.shape)}; crop or resize one of them"
        )
