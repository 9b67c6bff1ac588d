"""Checks `evaluate`'s options before torch is imported."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.errors import ConfigError, nearest

_SPLITS = ("val", "train", "all")


def check(config: DictConfig) -> None:
    """Raise for the first wrong option.

    Raises:
        ConfigError: one line with what to type instead.
    """
    if (config.ckpt is None) == (config.compare is None):
        raise ConfigError("type ckpt=RUN_OR_FILE for one, or compare=[RUN,FILE,FOLDER,…] for several")
    if OmegaConf.is_list(config.compare) and not len(config.compare):
        raise ConfigError("compare names nothing; type compare=[RUN,FILE,FOLDER,…]")
    if config.split not in _SPLITS:
        raise ConfigError(f"split={config.split}{nearest(config.split, _SPLITS)}")
    for key, least in (("pairs", 1), ("resamples", 0), ("batch_size", 1), ("style_crops", 2)):
        if config[key] is not None and config[key] < least:
            raise ConfigError(f"{key}={config[key]}: type {key}={least} or more")
    if config.cache is not None and Path(config.cache).is_file():
        raise ConfigError(f"cache={config.cache} is a file; type cache=FOLDER, cache=auto, or cache=null for none")
    check_config(config.metric, "metric")
    check_config(config.content_loss, "content_loss")
    if config.data is not None:
        for part in ("content", "style", "pairing"):
            check_config(config.data[part], f"data.{part}")
