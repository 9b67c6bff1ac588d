"""Learning rates of any run: from 1, never up, and to where the rule says."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stylegan_pl.contracts import Progress
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.models.schedule import Constant, Cosine, InverseTime, LinearDecay, LinearDecayByEpoch

SHARES = st.floats(0, 1)
SCHEDULES = st.one_of(
    st.just(Constant()),
    st.builds(LinearDecay, constant=SHARES, final=SHARES),
    st.builds(Cosine, final=SHARES),
    st.builds(LinearDecayByEpoch, constant_epochs=st.integers(0, 50), decay_epochs=st.integers(1, 50)),
    st.builds(InverseTime, decay=st.floats(0, 1), batch_images=st.integers(1, 64)),
)
TOTALS = st.integers(1, 10**7)


@given(SCHEDULES, TOTALS, st.integers(1, 10**5), st.lists(SHARES, min_size=2, max_size=20))
def test_factors_fall_from_1_and_stay_above_0(schedule, total, epoch, shares):
    images = [0, *sorted(round(share * total) for share in shares), total]
    factors = [schedule(Progress(seen, total, epoch)) for seen in images]
    assert all(0 <= factor <= 1 for factor in factors)
    assert all(later <= earlier + 1e-12 for earlier, later in itertools.pairwise(factors))
    if not isinstance(schedule, LinearDecayByEpoch):
        assert factors[0] == pytest.approx(1.0)
    if isinstance(schedule, Cosine):
        assert factors[-1] == pytest.approx(schedule.final, abs=1e-9)
    if isinstance(schedule, LinearDecay) and schedule.constant < 1:
        assert factors[-1] == pytest.approx(schedule.final, abs=1e-9)


@given(SCHEDULES, TOTALS, st.integers(1, 10**5), st.integers(0, 10**8))
def test_a_run_that_goes_past_its_budget_has_a_rate_all_the_same(schedule, total, epoch, beyond):
    factor = schedule(Progress(total + beyond, total, epoch))
    assert 0 <= factor <= schedule(Progress(total, total, epoch)) + 1e-12


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 1000), st.data())
def test_by_epoch_is_the_straight_line_at_each_epochs_beginning(constant, decay, epoch, data):
    """CycleGAN's rule is `LinearDecay`'s slope, an epoch ahead."""
    by_epoch = LinearDecayByEpoch(constant_epochs=constant, decay_epochs=decay)
    number = data.draw(st.integers(0, constant + decay - 1))
    within = data.draw(st.integers(0, epoch - 1))
    expected = min(1.0, 1 - (number + 1 - constant) / (decay + 1))
    assert by_epoch(Progress(number * epoch + within, 1, epoch)) == pytest.approx(expected)


@given(st.none() | st.integers(1, 10**7), st.none() | st.floats(1e-3, 1e3), st.integers(1, 10**6))
def test_the_budget_is_whichever_ends_first(max_images, max_epochs, epoch):
    if max_images is None and max_epochs is None:
        return
    total = Mechanics(seed=0, max_images=max_images, max_epochs=max_epochs).total_images(epoch)
    assert total >= 1
    assert total <= (max_images or total)
    assert max_epochs is None or total <= max(1, round(max_epochs * epoch))
    assert total in (1, max_images, None if max_epochs is None else round(max_epochs * epoch))
