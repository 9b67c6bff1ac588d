"""Learning-rate factors against closed forms and CycleGAN's own table."""

import math
from itertools import pairwise

import pytest

from stylegan_pl.contracts import Progress
from stylegan_pl.models.schedule import Constant, Cosine, InverseTime, LinearDecay, LinearDecayByEpoch


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


def factor_in_epoch(schedule: LinearDecayByEpoch, epoch: int, *, images: int = 50) -> float:
    """In the middle of an epoch: the rate is the epoch's, not the image's."""
    return schedule(Progress(images_seen=epoch * images + images // 2, total_images=10**9, epoch_images=images))


@pytest.mark.parametrize(
    ("constant", "decay", "table"),
    [
        (100, 100, {0: 1, 98: 1, 99: 1, 100: 100 / 101, 149: 51 / 101, 199: 1 / 101, 200: 0, 250: 0}),  # CycleGAN
        (200, 200, {199: 1, 200: 200 / 201, 399: 1 / 201}),  # CUT
        (150, 50, {149: 1, 150: 50 / 51, 199: 1 / 51}),  # FastCUT
    ],
)
def test_linear_decay_by_epoch_is_the_published_table(constant: int, decay: int, table: dict[int, float]) -> None:
    schedule = LinearDecayByEpoch(constant_epochs=constant, decay_epochs=decay)
    for epoch, factor in table.items():
        assert factor_in_epoch(schedule, epoch) == pytest.approx(factor, abs=1e-12), epoch


@pytest.mark.parametrize(("iteration", "factor"), [(0, 1.0), (20_000, 0.5), (160_000, 1 / 9)])
def test_inverse_time_is_adains_rule_at_batch_8(iteration: int, factor: float) -> None:
    progress = Progress(images_seen=8 * iteration, total_images=8 * 160_000, epoch_images=100)
    assert InverseTime(decay=5e-5, batch_images=8)(progress) == pytest.approx(factor)
