"""Passes sample pictures to every logger, in its own format."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lightning.pytorch.loggers import Logger
from torch import Tensor


@dataclass(frozen=True)
class Samples:
    """The sample pictures of a validation.

    Attributes:
        grid: the file of the grid: one row per photograph, content | stylised | a style.
        content, stylised, style: the grid's pictures, (N, 3, H, W) in [-1, 1].
        images_seen: images seen by the generator so far.
    """

    grid: Path
    content: Tensor
    stylised: Tensor
    style: Tensor
    images_seen: int


def log_samples(loggers: Iterable[Logger], samples: Samples) -> None:
    """Pass samples to every logger that accepts pictures."""
    for logger in loggers:
        if (show := getattr(logger, "log_samples", None)) is not None:
            show(samples)
        elif (log_image := getattr(logger, "log_image", None)) is not None:  # Lightning's method
            log_image("samples", [str(samples.grid)], step=samples.images_seen)
