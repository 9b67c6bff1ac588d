"""`python -m stylegan_pl.prepare`: fetch a data set, unpack it, verify it; or look through one."""

import logging
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn
from stylegan_pl.errors import ConfigError

_log = logging.getLogger(__name__)


def prepare(config: DictConfig) -> int:
    """Fetch `dataset`, or with `check` look through `data`; returns the exit code."""
    _check_choice(config)
    from stylegan_pl.config.check_keys import check_config  # here, once the choice is right: pydantic takes its time

    turn(config)
    check_config(config)
    if config.check:
        from stylegan_pl.preparing.examine import examine  # here: it imports torch

        return examine(config)
    return _fetch(config)


def _check_choice(config: DictConfig) -> None:
    """Either a set to fetch or, as in `train`, pairs to look through."""
    if config.check and config.dataset is not None:
        raise ConfigError("check=true takes data=NAME, as train does: type data= instead of dataset=")
    if not config.check and config.dataset is None:
        raise ConfigError(
            "nothing to do: type dataset=NAME to fetch a set, or check=true data=NAME to look through one"
        )


def _fetch(config: DictConfig) -> int:
    """Show the sizes, fetch what is missing, verify."""
    folders = {side: instantiate(config.dataset[side], _convert_="all") for side in ("content", "style")}
    sources = list({folder.source: None for folder in folders.values() if folder.source is not None})
    missing = [source for source in sources if not source.is_ready()]
    for source in sources:
        _log.info("%s%s", source.describe(), "" if source in missing else "  (there already)")
    for source in missing:
        source.fetch()
    for side, folder in folders.items():
        _report(side, folder)
    if config.shards is not None:
        _write_shards(folders, Path(config.shards))
    return 0


def _write_shards(folders: dict[str, Any], target: Path) -> None:
    """Both sets as tar shards, and the command that trains on them."""
    from stylegan_pl.preparing.write_shards import write_shards  # here: it imports torch

    typed = []
    for side, folder in folders.items():
        counts = write_shards(folder, target / side)
        _log.info("%-8s %d + %d images written to %s", side, counts["train"], counts["val"], target / side)
        size = "null" if folder.load_size is None else str(folder.load_size).replace(" ", "")
        typed.append(f"data.{side}.root={target / side} data.{side}.load_size={size}")
    _log.info("train on them: python -m stylegan_pl.train data=shards %s", " ".join(typed))


def _report(side: str, folder: Any) -> None:
    from stylegan_pl.data.check import what_is_left  # here: it imports torch

    for line in what_is_left(folder, f"data.{side}"):
        _log.info("%s", line)
    counts = {split: len(folder.files(split)) for split in ("train", "val")}
    if not sum(counts.values()):
        raise ConfigError(f"{side}: no images below {folder.root}; {folder.how_to or 'put yours there'}")
    _log.info("%-8s %d images to train on, %d held out, below %s", side, counts["train"], counts["val"], folder.root)


def main() -> None:
    """The verb."""
    run_verb("prepare")


if __name__ == "__main__":
    main()
