"""What was typed, as what Optuna draws from: ends, steps, scales; and back to what would have been typed."""

import optuna
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from stylegan_pl.errors import ConfigError
from stylegan_pl.sweeps.grid import combinations, params_as_typed
from stylegan_pl.sweeps.space import as_typed, split


def parsed(*texts: str):
    return OverridesParser.create().parse_overrides(list(texts))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("interval(1e-5,1e-3)", FloatDistribution(1e-5, 1e-3)),
        ("tag(log,interval(1e-5,1e-3))", FloatDistribution(1e-5, 1e-3, log=True)),
        ("interval(1,8)", FloatDistribution(1.0, 8.0)),
        ("int(interval(1,8))", IntDistribution(1, 8)),
        ("tag(log,int(interval(1,8)))", IntDistribution(1, 8, log=True)),
        ("range(0,10,5)", IntDistribution(0, 5, step=5)),
        ("range(1,4)", IntDistribution(1, 3)),
        ("range(0.0,1.0,0.25)", FloatDistribution(0.0, 0.75, step=0.25)),
        ("choice(a,b)", CategoricalDistribution(["a", "b"])),
        ("1,2.5,[x,y]", CategoricalDistribution(["1", "2.5", "[x,y]"])),
    ],
)
def test_ends_steps_and_scales(typed, expected):
    fixed, space = split(parsed(f"key={typed}", "seed=3", "~gone"))
    assert space == {"key": expected} and fixed == ["seed=3", "~gone"]


@pytest.mark.parametrize("typed", ["range(0,10,3)", "range(2,9,2)", "range(0.5,2.0,0.5)", "range(-3,4,2)"])
def test_a_range_holds_the_values_that_a_grid_would_run(typed):
    (override,) = parsed(f"k={typed}")
    in_grid = {float(job[0].partition("=")[2]) for job in combinations([override])}
    space = split([override])[1]
    drawn = {
        optuna.create_study(sampler=optuna.samplers.RandomSampler(seed)).ask(space).params["k"] for seed in range(60)
    }
    assert drawn == in_grid


@pytest.mark.parametrize("typed", ["interval(3,1)", "range(3,1)", "tag(log,interval(0,1))", "tag(log,range(1,9,2))"])
def test_bounds_that_make_no_sense_are_told(typed):
    with pytest.raises(ConfigError, match="k="):
        split(parsed(f"k={typed}"))


def test_a_draw_is_typed_to_the_last_digit():
    value = 1 / 3e7
    (text,) = as_typed({"model.lr": value})
    assert parsed(text)[0].value() == value
    assert as_typed({"a": 3, "b": "[x,y]"}) == ["a=3", "b=[x,y]"]


def test_a_file_says_what_the_command_line_would():
    assert params_as_typed({"seed": [1, 2], "lr": "interval(0,1)", "n": 3}) == [
        "seed=choice(1,2)",
        "lr=interval(0,1)",
        "n=3",
    ]
    with pytest.raises(ConfigError, match="lr"):
        params_as_typed({"lr": {"min": 0}})
