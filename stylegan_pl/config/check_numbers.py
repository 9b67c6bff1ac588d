"""Refuses impossible numbers before anything is built."""

import math
from typing import Any, NamedTuple

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.errors import ConfigError


class Range(NamedTuple):
    """The range of a key of the root config."""

    least: float
    instead: str  # what to type
    most: float = float("inf")
    above: bool = False  # whether `least` itself is too small


RANGES = {
    "seed": Range(0, "seed=0", most=2**32 - 1),
    "image_size": Range(1, "image_size=256"),
    "batch_size": Range(1, "batch_size=1"),
    "max_images": Range(1, "max_images=100000, or max_images=null max_epochs=200"),
    "max_epochs": Range(0, "max_epochs=200, or max_epochs=null and max_images=100000", above=True),
    "max_minutes": Range(0, "max_minutes=30, or null for as long as it takes", above=True),
    "val_every_images": Range(1, "val_every_images=10000, a large number for never"),
    "log_every_batches": Range(1, "log_every_batches=10"),
    "size": Range(16, "size=256"),
    "steps": Range(1, "steps=100"),
    "minutes": Range(0, "minutes=2", above=True),
    "step_size": Range(0, "step_size=0.03", above=True),
    "pairs": Range(1, "pairs=64"),
    "style_crops": Range(1, "style_crops=64"),
    "resamples": Range(0, "resamples=1000, or 0 for no interval"),
    "max_megapixels": Range(0, "max_megapixels=179", above=True),
    "max_upload_mb": Range(0, "max_upload_mb=200", above=True),
    "keep_minutes": Range(0, "keep_minutes=60", above=True),
    "memory_gb": Range(0, "memory_gb=4, or leave it out to use what is free", above=True),
    "style_size": Range(1, "style_size=512"),
    "strength": Range(0, "strength=0.8, from 0 (the photograph) to 1 (full style)", most=1),
    "quality": Range(1, "quality=95", most=100),
    "sheet_size": Range(16, "sheet_size=256"),
}
"""Key of a root config, in every verb that has it -> its range; classes check the ranges of deeper keys."""

COUNTS = ("width", "levels", "n_layers", "scales", "filters", "patches", "pictures", "lr")
"""Keys that must be above 0 at any depth: otherwise torch reports a negative dimension, or the loss is increased."""


SHARES = {"held_out": "0.05", "betas": "[0.5,0.999]"}
"""Keys whose numbers are at least 0 and below 1, at any depth -> what to type."""


def check_deep_numbers(config: DictConfig, place: str = "") -> None:
    """Raise for the first key of `COUNTS` or `SHARES`, at any depth, with a number that is out of its range.

    Raises:
        ConfigError: one line with the key.
    """
    for key in map(str, config):
        if OmegaConf.is_missing(config, key) or OmegaConf.is_interpolation(config, key):
            continue
        value = config[key]
        if isinstance(value, DictConfig):
            check_deep_numbers(value, f"{place}{key}.")
            continue
        if key in COUNTS and _is_number(value) and not 0 < value < math.inf:
            bound = "finite" if value > 0 else "above 0"
            raise ConfigError(f"{place}{key}={value} must be {bound}; type {place}{key}=NUMBER")
        numbers = filter(_is_number, value if OmegaConf.is_list(value) else [value])
        if key in SHARES and not all(0 <= number < 1 for number in numbers):  # nan fails each comparison
            raise ConfigError(f"{place}{key}={value} must be at least 0 and below 1; type {place}{key}={SHARES[key]}")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def check_image_size(size: Any) -> None:
    """Raise for a wrong crop size; structured configs have no union of a number and a list.

    Raises:
        ConfigError: one line with what to type instead.
    """
    typed = list(size) if OmegaConf.is_list(size) else [size, size]
    if len(typed) != 2 or any(not isinstance(side, int) or isinstance(side, bool) for side in typed):
        text = OmegaConf.to_container(size) if OmegaConf.is_list(size) else size
        raise ConfigError(f"image_size={text}: type pixels, image_size=256, or height and width, image_size=[256,384]")


def check_ranges(config: DictConfig) -> None:
    """Raise for the first key of the root config that is out of its range.

    Raises:
        ConfigError: one line with what to type instead.
    """
    for key, (least, instead, most, above) in RANGES.items():
        if key not in config or OmegaConf.is_missing(config, key) or config[key] is None:
            continue
        value = min(config[key], default=0) if OmegaConf.is_list(config[key]) else config[key]
        if not least <= value <= most or (above and value == least) or value == math.inf:  # nan fails each comparison
            raise ConfigError(f"{key}={value} must be {_bound(value, RANGES[key])}; type {instead}")


def _bound(value: float, allowed: Range) -> str:
    """What a number that is out of its range must be; nan is not greater than anything."""
    if value > allowed.least:
        return "finite" if allowed.most == math.inf else f"at most {allowed.most:.0f}"
    return f"above {allowed.least:g}" if allowed.above else f"at least {allowed.least:g}"
