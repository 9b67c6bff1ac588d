"""`python -m stylegan_pl.preview`: what a training aims at, seen before it starts."""

from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING, DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn
from stylegan_pl.train import TrainConfig


@dataclass
class PreviewConfig(TrainConfig):
    """`python -m stylegan_pl.preview`: the config of a training, and a photograph."""

    # composed after a training's files; a default here would override their choices
    tags: list[str] = MISSING
    ckpt_path: str | None = MISSING
    resume: str | None = MISSING
    adversarial: Any = MISSING
    penalty: Any = MISSING
    diff_augment: Any = MISSING
    image_loss: dict[str, Any] = MISSING
    feature_network: Any = MISSING
    scheduler: Any = MISSING
    augment: Any = MISSING
    metric: dict[str, Any] = MISSING
    logger: dict[str, Any] = MISSING
    sweep: Any = MISSING

    input: str = MISSING
    output: str = MISSING
    overwrite: bool = MISSING
    size: int | None = MISSING
    steps: int = MISSING
    minutes: float = MISSING
    step_size: float = MISSING


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
