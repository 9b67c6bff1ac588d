"""Metrics that keep something of each picture of both sets until the end."""

from abc import abstractmethod

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.features import SetFeatures, in_full_precision
from stylegan_pl.metrics.gather import gather_rows
from stylegan_pl.metrics.kinds import Interval, SetMetric, full_precision


class TwoSets(SetMetric):
    """A row a picture is kept, and gathered from all ranks: how pictures were spread over them does not matter."""

    real: list[Tensor]
    fake: list[Tensor]

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=gather_rows)
        self.add_state("real", default=[], dist_reduce_fx="cat")
        self.add_state("fake", default=[], dist_reduce_fx="cat")

    def update(self, images: Tensor, *, real: bool) -> None:
        """Add pictures, (N, 3, H, W) in [-1, 1], to the paintings or to the stylised."""
        if len(images):
            with full_precision(images.device):
                (self.real if real else self.fake).append(self._kept(images.detach().float()))

    @abstractmethod
    def _kept(self, images: Tensor) -> Tensor:
        """What is kept of pictures, (N, 3, H, W) in float32 -> (N, …)."""

    @abstractmethod
    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        """The number of two sets of rows."""

    @property
    def n_pictures(self) -> int:
        """Stylised pictures seen by this rank: N."""
        return _count(self.fake)

    @property
    def n_paintings(self) -> int:
        """Paintings seen by this rank."""
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
        self._computed = None  # torchmetrics forgets what it computed in `update` alone

    def _sets(self) -> tuple[Tensor, Tensor]:
        """The paintings' rows and the stylised pictures'.

        Raises:
            ValueError: a set is empty.
        """
        fake = _joined(self.fake, "stylised picture", "real=False")
        return self._paintings(), in_one_order(self._precise(fake))

    def _paintings(self) -> Tensor:
        return in_one_order(self._precise(_joined(self.real, "painting", "real=True")))

    def _precise(self, rows: Tensor) -> Tensor:
        """Rows as they are compared."""
        return rows


class FeatureSets(TwoSets):
    """Kept is one vector a picture.

    Args:
        features: what makes it.
    """

    def __init__(self, *, features: SetFeatures) -> None:
        super().__init__()
        self.features = features
        self.resize, self.weights_name = features.resize, features.weights_name

    @property
    def paintings_key(self) -> str | None:
        """See `SetMetric`: network, weights, layers and resizing; every distance of such features shares it."""
        return self.features.key

    def _kept(self, images: Tensor) -> Tensor:
        return in_full_precision(self.features, images)

    def _precise(self, rows: Tensor) -> Tensor:
        # differences of large sums are to be told from 0; not every device has float64
        return rows.to("cpu", torch.float64)


def _count(rows: list[Tensor] | Tensor) -> int:
    return len(rows) if isinstance(rows, Tensor) else sum(len(batch) for batch in rows)


def _joined(rows: list[Tensor] | Tensor, what: str, how: str) -> Tensor:
    # torchmetrics hands over lists within a rank and one tensor after gathering ranks
    if len(rows) == 0:
        raise ValueError(f"there is no {what} to compare; call update(images, {how}) first")
    return torch.cat(list(rows)) if isinstance(rows, list) else rows


def in_one_order(rows: Tensor) -> Tensor:
    """One order, whatever batches and ranks the rows came in; shuffled, so that every second row is half of them.

    Rows are sorted by their product with a random one: sums would not do, as those of histograms are all alike.
    """
    random = torch.Generator().manual_seed(0)
    other = torch.randn(rows[0].numel(), generator=random, dtype=torch.float64)
    products = torch.stack([row.flatten().double().cpu() @ other for row in rows])  # one by one: rows may be pictures
    shuffled = torch.randperm(len(rows), generator=random)
    return rows[products.argsort(stable=True)[shuffled].to(rows.device)]
