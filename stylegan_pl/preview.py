"""`python -m stylegan_pl.preview`: what a training aims at, seen before it starts."""

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn


def preview(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    from stylegan_pl.config.check_keys import check_config
    from stylegan_pl.training.check_preview import check_preview

    check_preview(config)
    turn(config)
    check_config(config)
    from stylegan_pl.training.optimise_pixels import paint_pixels  # imported after the checks: torch takes seconds

    return paint_pixels(config)


def main() -> None:
    """The verb."""
    run_verb("preview")


if __name__ == "__main__":
    main()
