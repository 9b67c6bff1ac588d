"""`python -m stylegan_pl.evaluate`: scores, a grid and a page, of one run or of several side by side."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn
from stylegan_pl.config.option_types import Texts
from stylegan_pl.config.painter_choice import choose_painter
from stylegan_pl.runs.precision import Precision


@dataclass
class EvaluateConfig:
    """The options of `evaluate`."""

    ckpt: str | None = None
    painter: str | None = None  # instead of ckpt
    compare: Texts = None  # a path or a list of them
    output: str | None = None
    overwrite: bool = MISSING
    split: str = MISSING
    pairs: int | None = None
    style_crops: int | None = None
    image_size: Any = None  # pixels, or height and width; null
    seed: int | None = None
    resamples: int = MISSING
    content_loss: Any = MISSING
    metric: dict[str, Any] = field(default_factory=dict)
    cache: str | None = None
    data: Any = None
    direction: str = "AtoB"
    data_root: str = MISSING
    batch_size: int = MISSING
    device: str = MISSING
    precision: Precision | None = None
    trust: list[str] = field(default_factory=list)
    augment: Any = None
    run_dir: str = MISSING


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
