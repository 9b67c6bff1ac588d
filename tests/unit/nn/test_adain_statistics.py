"""AdaIN against loops in numpy, and its algebra."""

import numpy as np
import pytest
import torch

from stylegan_pl.nn.layers.adain import Statistics, adain, channel_statistics, restyle


def features(*shape: int, seed: int) -> torch.Tensor:
    values = torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return values * (seed + 1) + seed


CONTENT, STYLE, OTHER = features(2, 3, 4, 5, seed=1), features(2, 3, 6, 2, seed=2), features(2, 3, 3, 3, seed=3)


def test_it_is_the_formula_channel_by_channel() -> None:
    output = adain(CONTENT, STYLE)
    for sample in range(2):
        for channel in range(3):
            x, y = CONTENT[sample, channel].numpy(), STYLE[sample, channel].numpy()
            spread = [np.sqrt(np.var(values, ddof=1) + 1e-5) for values in (x, y)]
            expected = spread[1] * (x - x.mean()) / spread[0] + y.mean()
            np.testing.assert_allclose(output[sample, channel].numpy(), expected, rtol=1e-12)


def test_the_output_has_the_styles_statistics() -> None:
    ours, theirs = channel_statistics(adain(CONTENT, STYLE, eps=0.0), eps=0.0), channel_statistics(STYLE, eps=0.0)
    torch.testing.assert_close(ours.mean, theirs.mean)
    torch.testing.assert_close(ours.std, theirs.std)


def test_ones_own_style_changes_nothing() -> None:
    torch.testing.assert_close(adain(CONTENT, CONTENT), CONTENT)


def test_scale_and_offset_of_the_content_do_not_matter() -> None:
    torch.testing.assert_close(adain(5 * CONTENT - 3, STYLE, eps=0.0), adain(CONTENT, STYLE, eps=0.0))


def test_mixing_statistics_is_mixing_outputs() -> None:
    one, two = channel_statistics(STYLE), channel_statistics(OTHER)
    mixture = Statistics(0.25 * one.mean + 0.75 * two.mean, 0.25 * one.std + 0.75 * two.std)
    expected = 0.25 * adain(CONTENT, STYLE) + 0.75 * adain(CONTENT, OTHER)
    torch.testing.assert_close(restyle(CONTENT, mixture), expected)


def test_half_precision_is_added_up_in_single() -> None:
    values = (features(1, 2, 64, 64, seed=1) * 0.1 + 100).bfloat16()
    statistics = channel_statistics(values)
    assert statistics.mean.dtype == statistics.std.dtype == torch.float32
    exact = channel_statistics(values.double())
    torch.testing.assert_close(statistics.std.double(), exact.std, rtol=1e-4, atol=0)
    assert restyle(values, statistics).dtype == torch.bfloat16


def test_a_flat_channel_has_finite_second_derivatives() -> None:
    content = torch.zeros(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    style = torch.full((1, 2, 4, 4), 0.5, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(1, 2, 4, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    slopes = torch.autograd.grad((adain(content, style) * weights).square().sum(), (content, style), create_graph=True)
    sum(slope.square().sum() for slope in slopes).backward()
    assert content.grad.isfinite().all() and style.grad.isfinite().all()


def test_gradients_are_right() -> None:
    inputs = (CONTENT[:1, :2].clone().requires_grad_(), STYLE[:1, :2].clone().requires_grad_())
    assert torch.autograd.gradcheck(adain, inputs)
    assert torch.autograd.gradgradcheck(adain, inputs)


def test_one_position_has_no_spread() -> None:
    with pytest.raises(ValueError, match="AdaIN needs at least two positions, got features of one"):
        channel_statistics(torch.randn(2, 3, 1, 1))
