"""`python -m stylegan_pl.evaluate`: scores, a grid and a page, of one run or of several side by side."""

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn
from stylegan_pl.config.painter_choice import choose_painter


def evaluate(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    from stylegan_pl.evaluation.check import check

    choose_painter(config)
    turn(config)
    check(config)
    from stylegan_pl.evaluation.assess import assess  # imported after the config is checked: torch takes seconds

    return assess(config)


def main() -> None:
    """The verb."""
    run_verb("evaluate")


if __name__ == "__main__":
    main()
