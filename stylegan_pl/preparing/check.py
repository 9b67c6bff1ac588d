"""Checks `prepare`'s options before anything is read or downloaded."""

from omegaconf import DictConfig

from stylegan_pl.errors import ConfigError


def check(config: DictConfig) -> None:
    """Raise unless exactly one thing is asked for: a set to fetch, or (check=true) two sets to check.

    Raises:
        ConfigError: one line with what to type instead.
    """
    if config.check and config.dataset is not None:
        raise ConfigError("check=true takes data=NAME, as train does: type data= instead of dataset=")
    if not config.check and config.dataset is None:
        raise ConfigError(
            "nothing to do: type dataset=NAME to fetch a set, or check=true data=NAME to look through one"
        )
