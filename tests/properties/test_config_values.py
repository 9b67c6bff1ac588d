"""Whatever is typed or written for a value: it is taken as it was meant, or refused in one line."""

import math
import os
from typing import Any

import pytest
from conftest import compose_config
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import assume, example, given
from hypothesis import strategies as st
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.check_numbers import RANGES, check_ranges
from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.errors import ConfigError

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**63), 2**63), st.floats(), st.text(max_size=8),
    st.sampled_from(["auto", "null", "1e3", "0x10", "nan", "[]", "{}", "yes", "???"]),
    st.lists(st.integers(-2, 2), max_size=3), st.dictionaries(st.sampled_from("ab"), st.integers(0, 3), max_size=2),
)  # fmt: skip


def leaves(node: Any, path: str = "") -> list[str]:
    """Paths of all values that are no nodes."""
    if OmegaConf.is_dict(node):
        return [leaf for key in node for leaf in leaves(node._get_node(key), f"{path}.{key}" if path else str(key))]
    return [] if OmegaConf.is_list(node) else [path]


@pytest.fixture(scope="module")
def config() -> DictConfig:
    """One with a method, its parts, losses, data and metrics."""
    return compose_config("train", ["model=cut", "+metric=[kid]", "run_dir=nowhere", "data=sample", "penalty=r1"])


@given(st.data())
def test_a_value_in_a_file_is_taken_or_refused_in_one_line(config, data):
    changed = config.copy()
    OmegaConf.set_struct(changed, False)
    path = data.draw(st.sampled_from([leaf for leaf in leaves(config) if not leaf.endswith("_target_")]))
    value = data.draw(VALUES)
    try:
        OmegaConf.update(changed, path, value, merge=False)
        check_ranges(changed)
        check_config(changed)
    except (ConfigError, OmegaConfBaseException) as error:
        if isinstance(error, ConfigError):
            assert "\n" not in str(error), (path, value)


@given(st.sampled_from(sorted(RANGES)), st.one_of(st.integers(-(2**40), 2**40), st.floats()))
def test_a_number_of_a_root_is_in_its_range_or_told_with_what_to_type(key, value):
    least, instead, most, above = RANGES[key]
    inside = not math.isnan(value) and least <= value <= most and not (above and value == least)
    try:
        check_ranges(OmegaConf.create({key: value}))
    except ConfigError as error:
        assert not inside
        assert str(error).startswith(f"{key}=") and str(error).endswith(f"; type {instead}")
    else:
        assert inside


WORDS = st.one_of(
    st.text("ab01._-/ ,=[]{}()'\"$éT\\~*#", max_size=8),
    st.sampled_from(["true", "TRUE", "1.5", "-3", "0x1F", "1e3", "a.jpg", "~/a", "..", "+1", "007", "1_0", "f(a)"]),
)  # fmt: skip


@given(WORDS)
@example("007")
@example("it's")
@example("'a' 'b'")
@example("a\\")
def test_a_path_is_read_letter_by_letter(word):
    assume(word)  # without a value the line is refused
    meant = {"null": None}.get(word, os.path.expanduser(word))  # noqa: PTH111 (a Path would lose a last slash)
    (override,) = OverridesParser.create().parse_overrides(for_hydra([f"output={word}"], "stylize"))
    if word[:1] in ("'", '"') and word[-1:] == word[:1] and override.value() != meant:
        meant = override.value()  # Hydra's own quotes, left out
        assert meant in word
    assert override.value() == meant and not override.is_sweep_override()
