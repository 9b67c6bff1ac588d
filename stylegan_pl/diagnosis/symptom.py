"""The result of a detector, and the two kinds of detectors: of pictures, and of the terms of training."""

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
    undecided: dict[str, float]  # D's adversarial terms if it could not tell reals from fakes; by log name


class PictureDetector(ABC):
    """Base class of detectors that compare stylised pictures with their photographs.

    Args:
        after_images: images seen before which nothing is reported, because the generator has just started.
    """

    def __init__(self, *, after_images: int) -> None:
        self.after_images = after_images

    @abstractmethod
    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        """Judge pictures, (N, 3, H, W) in [-1, 1] each; None if nothing is wrong, or if there are too few."""


class TermDetector(ABC):
    """Base class of detectors that look at the logged terms of training.

    Args:
        window_images: length of the window, in images seen.
        least_readings: smallest number of logged steps in the window; with fewer nothing is reported.
    """

    def __init__(self, *, window_images: int, least_readings: int) -> None:
        self.window_images, self.least_readings = window_images, least_readings

    def window(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """The latest readings that belong to the window."""
        recent = sum(reading.images_seen > readings[-1].images_seen - self.window_images for reading in readings)
        return readings[-max(recent, self.least_readings) :]

    @abstractmethod
    def look(self, readings: Sequence[Reading]) -> Symptom | None:
        """Judge the window's readings, oldest first; None if nothing is wrong, or if there are too few."""
