"""`python -m stylegan_pl.evaluate`: scores, a grid and a page, of one run or of many side by side."""

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn
from stylegan_pl.config.painter_choice import choose_painter


def evaluate(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code."""
    from stylegan_pl.evaluation.check import check

    choose_painter(config)
    turn(config)
    check(config)
    from stylegan_pl.evaluation.assess import assess  # here, once the config is right: torch takes seconds to import

    return assess(config)


def main() -> None:
    """The verb."""
    run_verb("evaluate")


if __name__ == "__main__":
    main()
