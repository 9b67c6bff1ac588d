"""KID against loops, its lack of bias, and its interval."""

import numpy as np
import pytest
import torch
from torch import Tensor

from stylegan_pl.metrics.features import PooledTaps
from stylegan_pl.metrics.kid import (
    KID,
    _weighted_distance,
    kernel_distance,
    kernel_distance_of_subsets,
    polynomial_kernel,
)
from stylegan_pl.nn.pretrained.random_filters import RandomFilters


def rows(n: int, d: int = 16, *, seed: int = 0, shift: float = 0.0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


def looped(a: Tensor, b: Tensor, names_a: list[int] | None = None, names_b: list[int] | None = None) -> float:
    """Mean kernels of pairs, one by one; rows of one name are one picture and no pair."""
    names_a, names_b = names_a or list(range(len(a))), names_b or list(range(len(b)))

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return float((sum(x[i] * y[i] for i in range(len(x))) / len(x) + 1) ** 3)

    def within(x: np.ndarray, names: list[int]) -> float:
        pairs = [(i, j) for i in range(len(x)) for j in range(len(x)) if names[i] != names[j]]
        return float(np.mean([k(x[i], x[j]) for i, j in pairs]))

    x, y = a.numpy(), b.numpy()
    return within(x, names_a) + within(y, names_b) - 2 * float(np.mean([k(p, q) for p in x for q in y]))


def test_it_is_its_formula_pair_by_pair() -> None:
    a, b = rows(7), rows(5, seed=1, shift=0.5)
    assert kernel_distance(a, b).item() == pytest.approx(looped(a, b), rel=1e-10)


def test_pictures_that_were_drawn_twice_are_no_pairs() -> None:
    a, b = rows(6), rows(5, seed=1, shift=0.5)
    drawn_a, drawn_b = [0, 0, 0, 2, 3, 5], [1, 1, 4, 4, 0]
    kernels = polynomial_kernel(a, a), polynomial_kernel(b, b), polynomial_kernel(a, b)
    times = [torch.tensor(x).bincount(minlength=n).double() for x, n in ((drawn_a, 6), (drawn_b, 5))]
    expected = looped(a[drawn_a], b[drawn_b], drawn_a, drawn_b)
    assert _weighted_distance(*kernels, *times).item() == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("n", [4, 16])
def test_it_has_no_bias_however_small_the_sets(n: int) -> None:
    """Of many pairs of sets from one distribution the mean is 0; with the diagonal left in it is not."""
    pairs = [(rows(n, seed=2 * s), rows(n, seed=2 * s + 1)) for s in range(400)]
    values = torch.stack([kernel_distance(a, b) for a, b in pairs])
    error = values.std() / len(values) ** 0.5
    assert values.mean().abs() < 3 * error
    kept = [(polynomial_kernel(a, a) + polynomial_kernel(b, b) - 2 * polynomial_kernel(a, b)).mean() for a, b in pairs]
    assert torch.stack(kept).mean() > 3 * error


def test_subsets_estimate_the_same_number() -> None:
    a, b = rows(60), rows(50, seed=1, shift=0.3)
    mean, deviation = kernel_distance_of_subsets(a, b, subsets=300, subset_size=20)
    assert mean.item() == pytest.approx(kernel_distance(a, b).item(), abs=4 * deviation.item() / 300**0.5)
    whole, none = kernel_distance_of_subsets(a[:50], b, subsets=3, subset_size=50)
    assert whole.item() == pytest.approx(kernel_distance(a[:50], b).item(), rel=1e-9)
    assert none.item() == pytest.approx(0, abs=1e-9)


def test_subsets_larger_than_a_set_are_refused() -> None:
    with pytest.raises(ValueError, match="from 2 to 9, the smaller set; got 10; try 9"):
        kernel_distance_of_subsets(rows(20), rows(9), subsets=2, subset_size=10)


def test_one_picture_gives_no_number() -> None:
    assert kernel_distance(rows(1), rows(9)).isnan()


# The metric


def pictures(n: int, *, seed: int, strength: float = 0.4) -> Tensor:
    return (strength * torch.randn(n, 3, 16, 16, generator=torch.Generator().manual_seed(seed))).clamp(-1, 1)


def metric(real: Tensor, fake: Tensor, *, subset_size: int = 20) -> KID:
    network = RandomFilters(style_layers={"scale1": 1.0, "colour": 1.0}, content_layers={}, size=3, filters=8)
    measure = KID(features=PooledTaps(network=network), subset_size=subset_size)
    measure.update(real, real=True)
    measure.update(fake, real=False)
    return measure


def test_two_halves_of_one_set_cover_0() -> None:
    halves = metric(pictures(60, seed=0), pictures(60, seed=1))
    low, high = halves.interval(samples=300)
    assert low < 0 < high
    assert low < halves.compute() < high
    mean, deviation = halves.subsets()
    assert mean.abs() < 2 * deviation


def test_sets_that_differ_do_not_cover_0() -> None:
    apart = metric(pictures(60, seed=0), pictures(60, seed=1, strength=0.6))
    low, high = apart.interval(samples=300)
    assert 0 < low < apart.compute() < high


def test_few_pictures_have_an_interval() -> None:
    """Of three, one is drawn three times now and then: such a draw has no distance."""
    low, high = metric(pictures(3, seed=0), pictures(20, seed=1)).interval(samples=300)
    assert low < high


def test_the_published_estimate_is_read_where_there_are_pictures_for_it() -> None:
    many, few = metric(pictures(30, seed=0), pictures(30, seed=1)), metric(pictures(9, seed=0), pictures(30, seed=1))
    mean, deviation = (value.item() for value in many.subsets())
    assert many.read().factors == {"subsets": mean, "subsets_deviation": deviation}
    assert few.read().factors == {}


def test_order_does_not_matter_nor_what_the_run_drew() -> None:
    real, fake = pictures(25, seed=0), pictures(24, seed=1)
    torch.manual_seed(0)
    one = metric(real, fake)
    first = (*one.subsets(), *one.interval(samples=20))
    torch.manual_seed(1)
    other = metric(real.flip(0), fake.flip(0))
    assert other.compute().item() == pytest.approx(one.compute().item(), abs=1e-6)
    assert torch.tensor((*other.subsets(), *other.interval(samples=20))) == pytest.approx(torch.tensor(first), abs=1e-6)


def test_one_option_out_of_range_is_told() -> None:
    with pytest.raises(ValueError, match="subset_size must be at least 2"):
        metric(pictures(3, seed=0), pictures(3, seed=1), subset_size=1)
