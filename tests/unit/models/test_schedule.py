"""Learning-rate factors against closed forms and CycleGAN's own table."""

import math
from itertools import pairwise

import pytest

from stylegan_pl.contracts import Progress
from stylegan_pl.models.schedule import Constant, Cosine, LinearDecay


def at(share: float, total: int = 1_000) -> Progress:
    return Progress(images_seen=round(share * total), total_images=total, epoch_images=100)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 3.0])
def test_constant(share: float) -> None:
    assert Constant()(at(share)) == 1.0


@pytest.mark.parametrize(
    ("share", "factor"), [(0.0, 1.0), (0.25, 1.0), (0.5, 1.0), (0.75, 0.5), (0.9, 0.2), (1.0, 0.0), (1.5, 0.0)]
)
def test_linear_decay(share: float, factor: float) -> None:
    assert LinearDecay(constant=0.5)(at(share)) == pytest.approx(factor, abs=1e-12)
    assert LinearDecay()(at(share)) == pytest.approx(factor, abs=1e-12)


@pytest.mark.parametrize(("share", "factor"), [(0.0, 1.0), (0.5, 0.55), (1.0, 0.1), (2.0, 0.1)])
def test_linear_decay_from_the_start_to_a_final_factor(share: float, factor: float) -> None:
    assert LinearDecay(constant=0.0, final=0.1)(at(share)) == pytest.approx(factor)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0, 2.0])
def test_linear_decay_that_never_begins(share: float) -> None:
    assert LinearDecay(constant=1.0)(at(share)) == 1.0


def test_linear_decay_is_cyclegans_table_within_an_epochs_step() -> None:
    epochs, decay_epochs, images = 100, 100, 50
    schedule = LinearDecay(constant=epochs / (epochs + decay_epochs))
    for epoch in range(epochs + decay_epochs):
        table = 1 - max(0, epoch + 1 - epochs) / (decay_epochs + 1)
        for image in (0, images // 2, images - 1):
            ours = schedule(Progress(epoch * images + image, (epochs + decay_epochs) * images, images))
            assert abs(ours - table) <= 1 / decay_epochs


@pytest.mark.parametrize("constant", [-0.1, 1.1, 100])
def test_a_share_outside_0_to_1_is_refused(constant: float) -> None:
    with pytest.raises(ValueError, match=rf"constant is a share of the budget, in \[0, 1\], got {constant}"):
        LinearDecay(constant=constant)


@pytest.mark.parametrize(("share", "factor"), [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0), (1.7, 0.0)])
def test_cosine(share: float, factor: float) -> None:
    assert Cosine()(at(share)) == pytest.approx(factor, abs=1e-12)


def test_cosine_to_a_final_factor() -> None:
    schedule = Cosine(final=0.2)
    for percent in range(101):
        expected = 0.2 + 0.8 * math.cos(math.pi * percent / 200) ** 2  # half-angle form
        assert schedule(at(percent / 100)) == pytest.approx(expected)
    assert schedule(at(2.0)) == pytest.approx(0.2)


@pytest.mark.parametrize("schedule", [Constant(), LinearDecay(), LinearDecay(constant=0.0), Cosine()])
def test_factors_never_rise(schedule: object) -> None:
    factors = [schedule(Progress(i, 37, 10)) for i in range(50)]
    assert all(a >= b >= 0 for a, b in pairwise(factors))
    assert factors[0] == 1.0
