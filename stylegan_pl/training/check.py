"""Checks a training's config and its folders of images before Lightning is imported."""

from hydra.utils import instantiate
from omegaconf import DictConfig

from stylegan_pl.config.direction import turn
from stylegan_pl.config.lightning_switches import check_switches
from stylegan_pl.config.stand_ins import put_stand_ins
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.runs.painters import NEAREST


def check(config: DictConfig) -> None:
    """Check a composed `TrainConfig`, in the order of how long each check takes; fetches missing data sets.

    Applies `direction=` and `stand_ins=` to the config, in place.

    Raises:
        ConfigError: a key, a value, or a combination of parts is wrong; one line with what to type instead.
        DataError: a folder is missing or unfit.
    """
    from stylegan_pl.config.check_keys import check_config  # imported here, because pydantic is slow to import

    turned = turn(config)
    if config.stand_ins:
        put_stand_ins(config)
    check_config(config)
    check_switches(config)
    if config.max_minutes is not None and "time" not in config.callbacks:
        raise ConfigError(
            f"max_minutes={config.max_minutes:g}: callbacks.time, which keeps it, is left out; type max_minutes=null"
        )
    from stylegan_pl.config.check_parts import check_fit, check_monitor, check_roles  # imports torch
    from stylegan_pl.runs.device import check_trains_where_typed

    check_trains_where_typed(config.device, str(config.trainer.accelerator))
    check_monitor(config)
    check_roles(config)
    check_fit(config)
    _check_files(config)
    try:
        make_data_ready(config)
    except DataError as error:
        if not turned:
            raise
        raise type(error)(f"{error} (direction=BtoA: content is what data.style names)") from error


def _check_files(config: DictConfig) -> None:
    """Raise unless the files of `start_from=` and `ckpt_path=` exist."""
    from stylegan_pl.runs.checkpoint import resolve

    for option in ("start_from", "ckpt_path"):
        if config[option] not in (None, NEAREST):
            resolve(config[option], option=option)


def make_data_ready(config: DictConfig) -> None:
    """Fetch and check the folders, so that a wrong path is reported at once; the run checks them again."""
    from stylegan_pl.data.check import make_ready

    for side in ("content", "style"):
        folder = instantiate(config.data[side], _convert_="all")
        limit, download = config.data.bad_fraction, config.data.download
        make_ready(
            folder, name=f"data.{side}", size=config.image_size, limit=limit, download=download, log_skipped=False
        )
