"""How many images a training sees in so many minutes on this machine: budgets that are equal in time."""

import csv
import statistics
from collections.abc import Callable
from pathlib import Path

Train = Callable[[list[str], Path], None]
"""What is typed and the folder of the run -> a run that is done."""

_TRIAL = ["val_every_images=1000000", "log_every_batches=1", "metric=[]", "logger=csv"]


def images_in(minutes: float, typed: list[str], folder: Path, train: Train, *, trial_images: int = 64) -> int:
    """Images of a run of that length: a short run of the same is timed first, in `folder`, and kept.

    Its schedule can then end where the minutes do, which a clock that cuts a run short could not give. The first half
    of the short run's steps do not count; neither do validations, nor the start of the program.
    """
    train([*typed, *_TRIAL, f"max_images={trial_images}"], folder)
    return max(1, int(60 * minutes * _rate(folder / "metrics.csv")))


def _rate(metrics: Path) -> float:
    """Images a second, the median over the second half of a run's steps."""
    with metrics.open(newline="") as file:
        rates = [float(row["train/images_per_second"]) for row in csv.DictReader(file) if _told(row)]
    return statistics.median(rates[len(rates) // 2 :])


def _told(row: dict[str, str]) -> bool:
    return bool(row.get("train/images_per_second"))
