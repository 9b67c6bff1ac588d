"""What a symptom says to type can be typed: each key of each line of advice composes with some method."""

import re

import pytest
from conftest import compose_config
from example_pictures import detectors
from hydra.errors import HydraException

from stylegan_pl.diagnosis.not_finite import ADVICE
from stylegan_pl.diagnosis.saturation import SaturatedDiscriminator

LINES = [*(detector.advice for detector in detectors()), SaturatedDiscriminator.advice, ADVICE]
KEY = re.compile(r"[\w.@]+=(?:\[[^\]]*\]|[\w.-]*\w)")
METHODS = ("vanilla", "cyclegan", "adain")


def composes(method: str, override: str) -> bool:
    try:
        compose_config("train", ["run_dir=unused", f"model={method}", override])
    except HydraException:
        return False
    return True


@pytest.mark.parametrize("override", sorted({key for line in LINES for key in KEY.findall(line)}))
def test_advice_can_be_typed(override):
    assert any(composes(method, override) for method in METHODS)


def test_every_line_of_advice_has_a_key():
    assert all(KEY.search(line) for line in LINES)
    assert not composes("vanilla", "model.generator_optimiser.lr=1")  # a wrong one would be noticed
