"""What a detector says, and the two kinds of detectors: of pictures, and of the terms of training."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

from torch import Tensor


class Symptom(NamedTuple):
    """Something wrong with a run."""

    name: str
    evidence: str  # what was measured, with its numbers
    advice: str  # what to type

    def __str__(self) -> str:
        """One line."""
        return f"{self.name}: {self.evidence}; {self.advice}"


class Reading(NamedTuple):
    """The terms of one logged step."""

    images_seen: int
    terms: dict[str, float]  # by log name
    undecided: dict[str, float]  # what D's adversarial terms would be, could it not tell reals from fakes; by log name


class PictureDetector(ABC):
    """Looks at stylised pictures beside their photographs.

    Args:
        after_images: images seen before which a young generator is left alone.
    """

    def __init__(self, *, after_images: int) -> None:
        self.after_images = after_images

    @abstractmethod
    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        """(N, 3, H, W) in [-1, 1] each, row i made of row i; None where nothing is wrong, or too little is seen."""


class TermDetector(ABC):
    """Looks at the terms of training, as they were logged.

    Args:
        window_images: images seen that a judgement looks back on.
        least_readings: logged steps that it looks back on at least, where they are far apart; fewer are not judged.
    """

    def __init__(self, *, window_images: int, least_readings: int) -> None:
        self.window_images, self.least_readings = window_images, least_readings

    def window(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """The latest of them, as far as a judgement looks back."""
        recent = sum(reading.images_seen > readings[-1].images_seen - self.window_images for reading in readings)
        return readings[-max(recent, self.least_readings) :]

    @abstractmethod
    def look(self, readings: Sequence[Reading]) -> Symptom | None:
        """Readings of the window, oldest first; None where nothing is wrong, or there are too few."""
