"""A discriminator near its floor, with a generator that gets nowhere; by terms alone."""

import math

import pytest

from stylegan_pl.diagnosis.not_finite import not_finite_terms
from stylegan_pl.diagnosis.saturation import SaturatedDiscriminator
from stylegan_pl.diagnosis.symptom import Reading

D, G = "train/discriminator/adversarial", "train/generator/adversarial"


def readings(d: list[float], g: list[float], *, undecided: float = 0.5, suffix: str = "", every: int = 40):
    """Logged steps, `every` images apart."""
    return [
        Reading(every * (k + 1), {D + suffix: a, G + suffix: b}, {D + suffix: undecided})
        for k, (a, b) in enumerate(zip(d, g, strict=True))
    ]


def look(log: list[Reading], **options) -> object:
    detector = SaturatedDiscriminator(**options)
    return detector.look(detector.window(log))


STEADY = [1.0 + 0.02 * (-1) ** k for k in range(100)]
FALLING = [1.0 - 0.004 * k for k in range(100)]


@pytest.mark.parametrize(
    ("d", "g", "fires"),
    [
        ([0.01] * 100, STEADY, True),
        ([0.5] * 60 + [0.01] * 40, STEADY, False),  # not for the whole window
        ([0.0, 0.01, 0.3] * 33 + [0.0], STEADY, True),  # a step now and then is no recovery
        ([0.04] * 100, STEADY, False),  # 8 % of ½
        ([0.01] * 100, FALLING, False),  # G is learning
        ([0.01] * 100, [-value for value in FALLING], True),  # hinge's grows without end
        ([0.01] * 19, STEADY[:19], False),  # too few to say
    ],
)
def test_saturated_when_low_for_long_with_a_stuck_generator(d, g, fires):
    assert (look(readings(d, g)) is not None) == fires


def test_evidence_names_the_term_its_share_and_how_long():
    log = readings([0.3] * 100, STEADY, suffix="_style")
    both = [
        Reading(a.images_seen, a.terms | b.terms, a.undecided | b.undecided)
        for a, b in zip(log, readings([0.005] * 100, STEADY, suffix="_content"), strict=True)
    ]
    symptom = look(both)
    assert symptom.evidence.startswith(f"{D}_content is 1.0% of") and symptom.evidence.endswith("for 3,960 images")


def test_a_loss_without_a_floor_is_never_told():
    assert look(readings([-50.0] * 100, STEADY, undecided=0.0)) is None


def test_a_window_goes_back_by_images_and_at_least_by_readings():
    detector = SaturatedDiscriminator(window_images=400, least_readings=20)
    near, far = readings([0.0] * 100, STEADY, every=4), readings([0.0] * 100, STEADY, every=640)
    assert [r.images_seen for r in detector.window(near)] == list(range(4, 401, 4))
    assert len(detector.window(far)) == 20
    assert list(detector.window([])) == []


def test_not_finite_terms_are_named():
    assert not_finite_terms({"a": 1.0, "b": math.nan, "c": -math.inf, "d": 0.0}) == ["b", "c"]
