"""`python -m stylegan_pl.prepare`: fetch a data set, or check two sets."""

from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING, DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn


@dataclass
class PrepareConfig:
    """The options of `prepare`."""

    root: str = MISSING
    data_root: str = MISSING
    dataset: Any = None  # what to fetch
    shards: str | None = None
    run_dir: str = MISSING

    check: bool = MISSING
    data: Any = MISSING  # what to look through
    direction: str = "AtoB"
    image_size: Any = MISSING  # pixels, or height and width
    output: str = MISSING
    seed: int = MISSING
    batch_size: int = MISSING
    augment: Any = MISSING


def prepare(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    from stylegan_pl.preparing.check import check

    check(config)
    from stylegan_pl.config.check_keys import check_config  # imported after the options are checked: pydantic is slow

    turned = turn(config)
    check_config(config)
    if config.check:
        from stylegan_pl.preparing.examine import examine  # imports torch

        return examine(config, turned=turned)
    from stylegan_pl.preparing.fetch import fetch  # imports torch

    return fetch(config)


def main() -> None:
    """The verb."""
    run_verb("prepare")


if __name__ == "__main__":
    main()
