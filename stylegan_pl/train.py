"""`python -m stylegan_pl.train`: train a generator against a discriminator."""

from contextlib import nullcontext

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.stand_ins import without_weights


def train(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    from stylegan_pl.training.check import check

    check(config)
    from stylegan_pl.training.run import run  # imported after the checks: Lightning takes seconds

    with without_weights(config) if config.stand_ins else nullcontext():
        return run(config)


def main() -> None:
    """The verb."""
    run_verb("train")


if __name__ == "__main__":
    main()
