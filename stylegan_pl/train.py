"""`python -m stylegan_pl.train`: train a generator against a discriminator."""

from contextlib import nullcontext

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn
from stylegan_pl.config.lightning_switches import check_switches
from stylegan_pl.config.stand_ins import put_stand_ins, without_weights
from stylegan_pl.errors import DataError
from stylegan_pl.runs.painters import NEAREST


def train(config: DictConfig) -> int:
    """One run of the composed config; returns the exit code."""
    from stylegan_pl.config.check_keys import check_config

    turned = turn(config)
    if config.stand_ins:
        put_stand_ins(config)
    check_config(config)
    check_switches(config)
    # here, once every key is right: it imports torch
    from stylegan_pl.config.check_parts import check_fit, check_monitor, check_roles
    from stylegan_pl.runs.device import check_trains_where_typed

    check_trains_where_typed(config.device, str(config.trainer.accelerator))
    check_monitor(config)
    check_roles(config)
    check_fit(config)
    from stylegan_pl.runs.checkpoint import resolve

    for option in ("start_from", "ckpt_path"):
        if config[option] not in (None, NEAREST):
            resolve(config[option], option=option)
    try:
        make_data_ready(config)
    except DataError as error:
        if not turned:
            raise
        raise type(error)(f"{error} (direction=BtoA: content is what data.style names)") from error
    from stylegan_pl.training.run import run  # here, once config and data are in order: Lightning takes seconds

    with without_weights(config) if config.stand_ins else nullcontext():
        return run(config)


def make_data_ready(config: DictConfig) -> None:
    """Fetch and check the folders before anything slow, so that a wrong path is told at once; the run looks again."""
    from hydra.utils import instantiate

    from stylegan_pl.data.check import make_ready

    for side in ("content", "style"):
        node = config.data[side]
        folder = instantiate(node, _convert_="all")
        limit, download = config.data.bad_fraction, config.data.download
        make_ready(folder, name=f"data.{side}", size=config.image_size, limit=limit, download=download, tell=False)


def main() -> None:
    """The verb."""
    run_verb("train")


if __name__ == "__main__":
    main()
