"""`python -m stylegan_pl.prepare`: fetch a data set, or check two sets."""

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn


def prepare(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    from stylegan_pl.preparing.check import check

    check(config)
    from stylegan_pl.config.check_keys import check_config  # imported after the options are checked: pydantic is slow

    turn(config)
    check_config(config)
    if config.check:
        from stylegan_pl.preparing.examine import examine  # imports torch

        return examine(config)
    from stylegan_pl.preparing.fetch import fetch  # imports torch

    return fetch(config)


def main() -> None:
    """The verb."""
    run_verb("prepare")


if __name__ == "__main__":
    main()
