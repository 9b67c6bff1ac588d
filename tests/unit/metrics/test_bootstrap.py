"""The bootstrap's interval against the normal theory of a mean."""

import pytest
import torch

from stylegan_pl.metrics.bootstrap import bootstrap_interval


def values(n: int, *, seed: int = 0, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + shift


def test_the_interval_of_a_mean_is_two_standard_errors_to_either_side() -> None:
    drawn = values(400)
    low, high = bootstrap_interval(drawn, torch.mean, samples=2000)
    reach = 1.96 * drawn.std().item() / 20
    assert low == pytest.approx(drawn.mean().item() - reach, abs=0.1 * reach)
    assert high == pytest.approx(drawn.mean().item() + reach, abs=0.1 * reach)


def test_it_covers_the_truth_about_19_times_in_20() -> None:
    intervals = [bootstrap_interval(values(60, seed=s), torch.mean, samples=100, seed=s) for s in range(100)]
    assert 87 <= sum(low < 0 < high for low, high in intervals) <= 100


def test_two_sets_are_resampled_each_by_itself() -> None:
    a, b = values(100), values(100, shift=3.0)

    def gap(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return y.mean() - x.mean()

    low, high = bootstrap_interval([a, b], gap, samples=1000)
    reach = 1.96 * ((a.var() + b.var()) / 100).sqrt().item()
    assert (high - low) / 2 == pytest.approx(reach, rel=0.15)
    # values that go together would have no spread at all
    low, high = bootstrap_interval(torch.stack([a, a + 3], dim=1), lambda rows: gap(*rows.T), samples=50)
    assert high - low < 1e-9


def test_the_seed_alone_decides() -> None:
    state = torch.get_rng_state()
    one = bootstrap_interval(values(30), torch.mean, samples=50, seed=1)
    assert bootstrap_interval(values(30), torch.mean, samples=50, seed=1) == one
    assert bootstrap_interval(values(30), torch.mean, samples=50, seed=2) != one
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(("rows", "samples"), [(0, 10), (3, 0)])
def test_nothing_to_draw_from_is_refused(rows: int, samples: int) -> None:
    with pytest.raises(ValueError, match=f"samples={samples} and \\[{rows}\\] rows"):
        bootstrap_interval(torch.zeros(rows), torch.mean, samples=samples)


def test_an_interval_around_a_score_is_the_spread_laid_there() -> None:
    """Of a statistic that is always off by five, as a distance of sets with repetitions is by a little."""
    drawn = values(100)
    plain = bootstrap_interval(drawn, lambda rows: rows.mean() + 5, samples=500)
    around = bootstrap_interval(drawn, lambda rows: rows.mean() + 5, samples=500, around=-1.0)
    assert around[1] - around[0] == pytest.approx(plain[1] - plain[0])
    assert sum(around) / 2 == pytest.approx(-1.0, abs=0.1 * (around[1] - around[0]))
    assert sum(plain) / 2 == pytest.approx(5.0, abs=plain[1] - plain[0])
