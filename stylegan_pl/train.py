"""`python -m stylegan_pl.train`: train a generator against a discriminator."""

from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.stand_ins import without_weights
from stylegan_pl.runs.precision import Precision
from stylegan_pl.runs.signals import raising

_PREEMPTED = 75  # exit code of a run that was told to end


@dataclass
class TrainConfig:
    """The options of `train`."""

    run_name: str = MISSING
    run_dir: str = MISSING
    data_root: str = MISSING
    tags: list[str] = field(default_factory=list)

    seed: int = MISSING
    deterministic: bool = MISSING
    device: str = MISSING
    precision: Precision = MISSING

    image_size: Any = MISSING  # pixels, or height and width
    batch_size: int = MISSING
    max_images: int | None = MISSING
    max_epochs: float | None = MISSING
    max_minutes: float | None = MISSING
    val_every_images: int = MISSING
    log_every_batches: int = MISSING

    start_from: str | None = None
    ckpt_path: str | None = None
    resume: str | None = None

    # parts of a method; a model's file chooses the ones it uses
    model: Any = MISSING
    adversarial: Any = None
    penalty: Any = None
    diff_augment: Any = None
    image_loss: dict[str, Any] = field(default_factory=dict)
    feature_network: Any = None
    scheduler: Any = None

    data: Any = MISSING
    direction: str = "AtoB"
    stand_ins: bool = False
    augment: Any = None
    metric: dict[str, Any] = field(default_factory=dict)
    trainer: dict[str, Any] = MISSING
    callbacks: dict[str, Any] = MISSING
    logger: dict[str, Any] = field(default_factory=dict)
    sweep: Any = None


def train(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    with raising(lambda number: SystemExit(_PREEMPTED), ("SIGTERM", "SIGHUP")):  # Hydra has made the run's folder
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
