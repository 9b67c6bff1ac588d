"""`python -m stylegan_pl.stylize`: turn photographs into paintings with a trained generator."""

from omegaconf import DictConfig

from stylegan_pl.cli import run_verb


def stylize(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code."""
    from stylegan_pl.paint import paint  # here, once the config has composed: torch takes seconds to import

    return paint(config)


def main() -> None:
    """The verb."""
    run_verb("stylize", stylize)


if __name__ == "__main__":
    main()
