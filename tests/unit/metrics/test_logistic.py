"""Logistic regression against a reference that is found another way."""

import pytest
import torch
from torch import Tensor

from stylegan_pl.metrics.logistic import logistic_regression


def rows(n: int, d: int, *, seed: int, shift: float = 0.0) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


def by_newton(first: Tensor, second: Tensor, penalty: float) -> tuple[Tensor, float]:
    """Weights of scaled columns and bias, by Newton's steps on all of them with an exact Hessian."""
    x = torch.cat([first, second])
    x = (x - x.mean(dim=0)) / x.std(dim=0, correction=0)
    x = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], dim=1)
    y = torch.cat([torch.zeros(len(first)), torch.ones(len(second))]).double()
    share = torch.where(y == 0, 0.5 / len(first), 0.5 / len(second))
    ridge = penalty * torch.eye(x.shape[1], dtype=x.dtype)
    ridge[-1, -1] = 0
    w = torch.zeros(x.shape[1], dtype=x.dtype)
    for _ in range(30):
        p = torch.sigmoid(x @ w)
        w = w - torch.linalg.solve(
            (x * (share * p * (1 - p))[:, None]).T @ x + ridge, x.T @ (share * (p - y)) + ridge @ w
        )
    return w[:-1], float(w[-1])


@pytest.mark.parametrize(("n", "m", "d"), [(30, 12, 4), (9, 8, 25)])  # also with more columns than rows
def test_it_is_the_minimum_that_newtons_steps_find(n: int, m: int, d: int) -> None:
    first, second = rows(n, d, seed=0), rows(m, d, seed=1, shift=0.6)
    found = logistic_regression(first, second, penalty=0.05)
    weights, bias = by_newton(first, second, 0.05)
    torch.testing.assert_close(found.weights, weights, atol=1e-4, rtol=1e-3)
    assert found.bias == pytest.approx(bias, abs=1e-4)


def test_scale_and_offset_of_a_column_do_not_matter_nor_do_columns_that_say_nothing() -> None:
    first, second = rows(20, 3, seed=0), rows(15, 3, seed=1, shift=0.8)

    def changed(x: Tensor) -> Tensor:
        return torch.cat([x * torch.tensor([1e3, 1.0, 1e-4]) + 5, torch.full((len(x), 2), 0.1, dtype=x.dtype)], dim=1)

    plain = logistic_regression(first, second, penalty=0.1)
    other = logistic_regression(changed(first), changed(second), penalty=0.1)
    torch.testing.assert_close(other.logits(changed(second)), plain.logits(second), atol=1e-4, rtol=1e-4)


def test_both_kinds_count_alike_however_many_there_are() -> None:
    first, second = rows(20, 3, seed=0), rows(15, 3, seed=1, shift=0.8)
    plain = logistic_regression(first, second, penalty=0.1)
    # rows there twice change the columns' mean and deviation a little, hence the tolerance
    twice = logistic_regression(first, second.repeat(4, 1), penalty=0.1)
    assert (twice.logits(first) > 0).double().mean().item() == pytest.approx(
        (plain.logits(first) > 0).double().mean().item(), abs=0.06
    )
