"""Converts typed sweeps to Optuna's distributions, and Optuna's draws to overrides."""

import itertools
import math
from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.types import IntervalSweep, Override, RangeSweep
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from stylegan_pl.errors import ConfigError, first_line

_MOST_POINTS = 10_000  # larger spaces count as infinite


def split(overrides: Sequence[Override]) -> tuple[list[str], dict[str, BaseDistribution]]:
    """(overrides that are the same in all trials, key -> distribution of searched options)."""
    fixed = [override.input_line or "" for override in overrides if not override.is_sweep_override()]
    space = {o.get_key_element(): distribution(o) for o in overrides if o.is_sweep_override()}
    return fixed, space


def distribution(override: Override) -> BaseDistribution:
    """The distribution of a sweep: `interval(a,b)`; `range(a,b,step)`, without b; `choice(…)` or commas.

    `tag(log,…)` is uniform in the logarithm; `int(interval(a,b))` is integers from a to b.

    Raises:
        ConfigError: bounds are invalid, or a log scale has steps.
    """
    value = override.value()
    try:
        if isinstance(value, IntervalSweep):
            return _interval(value)
        if isinstance(value, RangeSweep):
            return _range(value)
        return CategoricalDistribution(list(override.sweep_string_iterator()))
    except ValueError as error:
        raise ConfigError(f"{override.input_line}: {first_line(error)}") from error


def _interval(sweep: IntervalSweep) -> BaseDistribution:
    assert sweep.start is not None and sweep.end is not None
    log = "log" in sweep.tags
    if isinstance(sweep.start, int) and isinstance(sweep.end, int):
        return IntDistribution(sweep.start, sweep.end, log=log)
    return FloatDistribution(float(sweep.start), float(sweep.end), log=log)


def _range(sweep: RangeSweep) -> BaseDistribution:
    """Optuna's range includes the end, Hydra's does not."""
    assert sweep.start is not None and sweep.stop is not None
    steps = math.ceil((sweep.stop - sweep.start) / sweep.step) - 1
    if steps < 0:
        raise ValueError("a range needs a start below its end")
    last, log = sweep.start + steps * sweep.step, "log" in sweep.tags
    if log and sweep.step != 1:
        raise ValueError("a log scale has no steps; type tag(log,interval(…)), or int(…) around it")
    if all(isinstance(bound, int) for bound in (sweep.start, sweep.stop, sweep.step)):
        return IntDistribution(int(sweep.start), int(last), step=int(sweep.step), log=log)
    return FloatDistribution(float(sweep.start), float(last), step=float(sweep.step))


def all_points(space: dict[str, BaseDistribution]) -> list[dict[str, Any]] | None:
    """Every point of a space; None if there are infinitely many."""
    values = [_values(d) for d in space.values()]
    if any(v is None for v in values) or math.prod(len(v or ()) for v in values) > _MOST_POINTS:
        return None
    return [dict(zip(space, point, strict=True)) for point in itertools.product(*(v or () for v in values))]


def _values(d: BaseDistribution) -> Sequence[Any] | None:
    if isinstance(d, CategoricalDistribution):
        return d.choices
    if isinstance(d, IntDistribution):
        return range(d.low, d.high + 1, d.step)
    if isinstance(d, FloatDistribution) and d.step is not None:
        return [d.low + index * d.step for index in range(round((d.high - d.low) / d.step) + 1)]
    return None


def as_typed(params: dict[str, Any]) -> list[str]:
    """A draw as overrides, without rounding."""
    return [f"{key}={value!r}" if isinstance(value, float) else f"{key}={value}" for key, value in params.items()]
