"""Checks `prepare`'s options before anything is read or downloaded."""

from collections.abc import Sequence

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from stylegan_pl.errors import ConfigError


def check(config: DictConfig) -> None:
    """Raise unless exactly one thing is asked for: a set to fetch, or (check=true) two sets to check.

    Raises:
        ConfigError: one line with what to type instead.
    """
    if config.check and config.dataset is not None:
        raise ConfigError("check=true takes data=NAME, as train does: type data= instead of dataset=")
    if config.check and config.shards is not None:
        raise ConfigError("check=true writes no shards; type dataset=NAME shards=FOLDER in another command")
    if not config.check and config.dataset is None:
        raise ConfigError(
            "nothing to do: type dataset=NAME to fetch a set, or check=true data=NAME to look through one"
        )
    if not config.check:
        _check_typed(HydraConfig.get().overrides.task if HydraConfig.initialized() else [])


def _check_typed(words: Sequence[str]) -> None:
    """Raise if an option was typed that only check=true uses.

    Raises:
        ConfigError: what to type instead.
    """
    for word in words:
        key = word.partition("=")[0].lstrip("+~")
        if key.startswith(("data.content.", "data.style.")):
            raise ConfigError(
                f"{key} is an option of check=true; with dataset=NAME type dataset.{key[len('data.') :]}="
            )
        if key.partition(".")[0] in ("data", "direction", "image_size", "output"):
            raise ConfigError(f"{key}= is an option of check=true, and dataset=NAME does not use it; leave it out")
