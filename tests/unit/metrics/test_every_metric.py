"""What every metric has in common: ranks and batches do not matter, and nothing of it is saved."""

import copy
from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from stylegan_pl.metrics.cfsd import CFSD
from stylegan_pl.metrics.content_distance import ContentDistance
from stylegan_pl.metrics.features import PooledTaps
from stylegan_pl.metrics.fid import FID
from stylegan_pl.metrics.gram_distance import GramDistance
from stylegan_pl.metrics.kid import KID
from stylegan_pl.metrics.kinds import PairMetric, SetMetric
from stylegan_pl.metrics.palette import PaletteDistance
from stylegan_pl.metrics.sliced_wasserstein import SlicedWasserstein
from stylegan_pl.metrics.ssim import SSIM
from stylegan_pl.nn.random_filters import RandomFilters

FILTERS = RandomFilters(style_layers={"scale1": 1.0}, content_layers={"scale2": 1.0}, size=3, filters=6)
METRICS: dict[str, Callable[[], SetMetric | PairMetric]] = {
    "sliced_wasserstein": lambda: SlicedWasserstein(patches=64, directions=8),
    "kid": lambda: KID(features=PooledTaps(network=FILTERS)),
    "fid": lambda: FID(features=PooledTaps(network=FILTERS)),
    "palette": PaletteDistance,
    "gram": lambda: GramDistance(features=FILTERS),
    "ssim": SSIM,
    "cfsd": lambda: CFSD(features=FILTERS, layer="scale2"),
    "content": lambda: ContentDistance(features=FILTERS),
}
every = pytest.mark.parametrize("name", METRICS)


def pictures(n: int, *, seed: int) -> Tensor:
    return torch.rand(n, 3, 32, 32, generator=torch.Generator().manual_seed(seed)) * 2 - 1


REAL, FAKE, CONTENT = pictures(8, seed=0), pictures(7, seed=1), pictures(7, seed=2)


def add(metric: SetMetric | PairMetric, real: slice, fake: slice) -> None:
    if isinstance(metric, SetMetric):
        metric.update(REAL[real], real=True)
        metric.update(FAKE[fake], real=False)
    elif len(FAKE[fake]):
        metric.update(FAKE[fake], CONTENT[fake])


def whole(name: str) -> SetMetric | PairMetric:
    metric = METRICS[name]()
    add(metric, slice(None), slice(None))
    return metric


@every
def test_one_rank_equals_two_with_uneven_shards(name: str) -> None:
    """torchmetrics' own synchronisation, with the other rank's states handed over where it would wait for them."""
    here, there = METRICS[name](), METRICS[name]()
    add(here, slice(0, 6), slice(0, 2))
    add(there, slice(6, 8), slice(2, 4))
    add(there, slice(8, 8), slice(4, 7))
    states = [getattr(there, state) for state in there._reductions]
    theirs = iter([torch.cat(state) if isinstance(state, list) else state for state in states])
    here.dist_sync_fn = lambda mine, group=None: [mine, next(theirs)]
    here.distributed_available_fn = lambda: True
    torch.testing.assert_close(here.compute(), whole(name).compute(), rtol=1e-4, atol=1e-7)
    assert next(theirs, None) is None
    assert here.n_pictures == 2


@every
def test_batches_do_not_matter(name: str) -> None:
    metric = METRICS[name]()
    for n in range(8):
        add(metric, slice(n, n + 1), slice(n, n + 1))
    torch.testing.assert_close(metric.compute(), whole(name).compute(), rtol=1e-4, atol=1e-7)


@every
def test_pictures_are_counted_and_forgotten(name: str) -> None:
    metric = whole(name)
    assert metric.n_pictures == 7
    if isinstance(metric, SetMetric):
        assert metric.n_paintings == 8
    first = metric.compute().item()
    metric.reset()
    assert metric.n_pictures == 0
    add(metric, slice(None), slice(None))
    assert metric.compute().item() == first


@every
def test_it_is_a_number_with_a_direction_without_graph_or_weights_in_checkpoints(name: str) -> None:
    metric = whole(name)
    value = metric.compute()
    assert value.shape == ()
    assert value.isfinite()
    assert value.abs() > 1e-4  # so that the comparisons above are of something
    assert not value.requires_grad
    assert metric.higher_is_better is (name == "ssim")
    assert not metric.state_dict()
    assert not list(metric.parameters())
    twin = copy.deepcopy(metric)
    twin.reset()
    assert metric.n_pictures == 7


@pytest.mark.parametrize("name", ["sliced_wasserstein", "kid", "fid", "ssim", "cfsd", "content"])
def test_nothing_to_compare_is_told_in_a_sentence(name: str) -> None:
    with pytest.raises(ValueError, match="to compare; call update"), pytest.warns(UserWarning, match="before"):
        METRICS[name]().compute()
