"""Sample pictures, in the words of each logger."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lightning.pytorch.loggers import Logger
from torch import Tensor


@dataclass(frozen=True)
class Samples:
    """What a validation shows.

    Attributes:
        grid: the file: a row a photograph, content | stylised | a style.
        content, stylised, style: its pictures, (N, 3, H, W) in [-1, 1].
        images_seen: by the generator, by then.
    """

    grid: Path
    content: Tensor
    stylised: Tensor
    style: Tensor
    images_seen: int


def log_samples(loggers: Iterable[Logger], samples: Samples) -> None:
    """Show them to every logger that takes pictures."""
    for logger in loggers:
        if (show := getattr(logger, "log_samples", None)) is not None:
            show(samples)
        elif (log_image := getattr(logger, "log_image", None)) is not None:  # Lightning's name for it
            log_image("samples", [str(samples.grid)], step=samples.images_seen)
