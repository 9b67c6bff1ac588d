"""Base of metrics that keep a row for each picture of both sets."""

from abc import abstractmethod

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.features import SetFeatures, in_full_precision
from stylegan_pl.metrics.gather import gather_rows
from stylegan_pl.metrics.kinds import Interval, SetMetric, full_precision


class TwoSets(SetMetric):
    """Keeps one row per picture, and gathers them from all ranks, so that the distribution over ranks has no effect."""

    real: list[Tensor]
    fake: list[Tensor]

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=gather_rows)
        self.add_state("real", default=[], dist_reduce_fx="cat")
        self.add_state("fake", default=[], dist_reduce_fx="cat")

    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings (`real`) or the stylised pictures."""
        if len(images):
            with full_precision(images.device):
                (self.real if real else self.fake).append(self._kept(images.detach().float()))

    @abstractmethod
    def _kept(self, images: Tensor) -> Tensor:
        """The rows of pictures, (N, 3, H, W) in float32 -> (N, …)."""

    @abstractmethod
    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        """The distance of two sets of rows; a scalar."""

    @property
    def n_pictures(self) -> int:
        """Number of stylised pictures of this rank."""
        return _count(self.fake)

    @property
    def n_paintings(self) -> int:
        """Number of crops of paintings of this rank."""
        return _count(self.real)

    def _value(self) -> Tensor:
        return self._distance(*self._sets())

    def _interval(self, samples: int, value: float) -> Interval:
        return bootstrap_interval(self._sets(), self._distance, samples=samples, around=value)

    def _among_paintings(self) -> Tensor:
        real = self._paintings()
        if len(real) < 2:
            return torch.tensor(torch.nan)
        return self._distance(real[::2], real[1::2])

    def paintings_state(self) -> dict[str, Tensor]:
        """See `SetMetric`."""
        return {"real": torch.cat(list(self.real))} if len(self.real) else {}

    def load_paintings(self, state: dict[str, Tensor]) -> None:
        """See `SetMetric`."""
        self.real = [rows.to(self.device) for rows in state.values()]
        self._computed = None  # torchmetrics clears its cached result only in `update`

    def _sets(self) -> tuple[Tensor, Tensor]:
        """The rows of the paintings, and of the stylised pictures.

        Raises:
            ValueError: a set is empty.
        """
        fake = _joined(self.fake, "stylised picture", "real=False")
        return self._paintings(), in_one_order(self._precise(fake))

    def _paintings(self) -> Tensor:
        return in_one_order(self._precise(_joined(self.real, "painting", "real=True")))

    def _precise(self, rows: Tensor) -> Tensor:
        """The rows in the precision in which they are compared."""
        return rows


class FeatureSets(TwoSets):
    """Keeps one feature vector per picture.

    Args:
        features: the network.
    """

    def __init__(self, *, features: SetFeatures) -> None:
        super().__init__()
        self.features = features
        self.resize, self.weights_name = features.resize, features.weights_name

    @property
    def paintings_key(self) -> str | None:
        """See `SetMetric`: network, weights, layers and resizing, so metrics with the same features share a file."""
        return self.features.key

    def _kept(self, images: Tensor) -> Tensor:
        return in_full_precision(self.features, images)

    def _precise(self, rows: Tensor) -> Tensor:
        # float64, for small differences of large sums; on the CPU, because not every device has it
        return rows.to("cpu", torch.float64)


def _count(rows: list[Tensor] | Tensor) -> int:
    return len(rows) if isinstance(rows, Tensor) else sum(len(batch) for batch in rows)


def _joined(rows: list[Tensor] | Tensor, what: str, how: str) -> Tensor:
    # in torchmetrics, a state is a list on one rank and a tensor after gathering
    if len(rows) == 0:
        raise ValueError(f"there is no {what} to compare; call update(images, {how}) first")
    return torch.cat(list(rows)) if isinstance(rows, list) else rows


def in_one_order(rows: Tensor) -> Tensor:
    """Sort rows, independent of batches and ranks, but as if shuffled, so that every second row is a random half.

    Rows are sorted by their product with a random vector; their sums would not do, because histograms all sum to 1.
    """
    random = torch.Generator().manual_seed(0)
    other = torch.randn(rows[0].numel(), generator=random, dtype=torch.float64)
    products = torch.stack([row.flatten().double().cpu() @ other for row in rows])  # one by one: rows may be pictures
    shuffled = torch.randperm(len(rows), generator=random)
    return rows[products.argsort(stable=True)[shuffled].to(rows.device)]
