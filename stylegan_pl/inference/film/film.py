"""Paints a film file, and measures how much the painting flickers."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor

from stylegan_pl.errors import DataError, first_line
from stylegan_pl.inference.film.encode import Encoding, Painting
from stylegan_pl.inference.film.frame_painter import FramePainter
from stylegan_pl.inference.film.library import pyav
from stylegan_pl.inference.film.source import Frame, MovingPictures
from stylegan_pl.inference.painter import as_float
from stylegan_pl.runs.signals import deferred

Report = Callable[[float], None]


class Flicker(NamedTuple):
    """Mean change from frame to frame within scenes, colours in [-1, 1]; see `metrics.flicker`."""

    added: float  # the painting's flicker beyond the film's own
    painting: float
    film: float


class FlickerMeter:
    """`metrics.Flicker` for films of any length: it holds sums, and no step.

    They are plain numbers: small tensors between the large ones of frames fragment memory, and the process grew by the
    size of a frame with each frame.
    """

    def __init__(self) -> None:
        from stylegan_pl.metrics.flicker import Flicker as Measure  # imported here, because torchmetrics takes a second

        self._measure = Measure()
        self._frames, self._steps = 0, 0  # steps: those within scenes
        self._sums = [0.0, 0.0, 0.0]  # of the values of `Flicker`, over these steps

    def add(self, painted: Tensor, frames: Tensor, begun: list[int]) -> None:
        """Add the next frames, painted and original, both (N, 3, H, W) in [-1, 1].

        Args:
            begun: indices of the frames that start a scene, in order; steps to these do not count.
        """
        self._measure.update(painted, frames)
        self._frames += len(frames)
        if not self._measure.steps:  # the film's first frame
            return
        steps, cuts = self._measure.per_step().tolist(), set(begun[-len(frames) :])
        for frame, step in enumerate(steps, start=self._frames - len(steps)):
            if frame not in cuts:
                self._steps += 1
                self._sums = [total + value for total, value in zip(self._sums, step, strict=True)]
        self._measure.steps.clear()

    def read(self) -> Flicker | None:
        """Mean over all steps within scenes; None if there are none."""
        return Flicker(*(total / self._steps for total in self._sums)) if self._steps else None


class Painted(NamedTuple):
    """The result of painting a film."""

    frames: int
    scenes: int
    seconds: float  # duration of the painted part
    flicker: Flicker | None  # None if no scene has two frames
    stopped: bool  # whether it was stopped before its end
    damaged: int  # packets that could not be decoded


def paint_film(
    film: MovingPictures,
    output: Path,
    painter: FramePainter,
    encoding: Encoding,
    *,
    batch_size: int,
    stop: Callable[[], bool] = lambda: False,
    report: Report = lambda frames: None,
) -> Painted:
    """Decode, paint and encode, `batch_size` frames at a time; only these are in memory.

    If it is stopped or interrupted, the film up to there is complete; after an error there is no file.

    Args:
        stop: called before each batch; True stops.
        report: called with the number of frames painted since the last call.

    Raises:
        UserError: the encoder or the container does not support this film.
        DataError: the disk is full or another error of the system occurred.
    """
    painting, meter = Painting(film, output, encoding), FlickerMeter()
    stopped = False
    try:
        try:
            for item in _batches(film, batch_size):
                if not isinstance(item, list):
                    painting.copy(item)
                    continue
                if stop():
                    stopped = True
                    break
                _paint(item, painter, painting, meter)
                report(len(item))
        except KeyboardInterrupt:
            stopped = True
        with suppress(KeyboardInterrupt), deferred():  # without its end the file might not play
            painting.finish(whole=not stopped and not film.damaged)
    except (pyav().FFmpegError, OSError) as error:
        painting.discard()
        left = isinstance(error, BrokenPipeError)
        said = "its reader has left" if left else f"cannot be written ({first_line(error)}); choose another output="
        raise DataError(f"output={output}: {said}") from error
    except BaseException:
        painting.discard()
        raise
    return Painted(painting.frames, len(painter.begun), painting.seconds, meter.read(), stopped, film.damaged)


def _paint(batch: list[Frame], painter: FramePainter, painting: Painting, meter: FlickerMeter) -> None:
    frames = torch.stack([frame.picture for frame in batch])
    painted = painter(frames, [float(frame.pts * painting.film.time_base) for frame in batch])
    meter.add(as_float(painted), as_float(frames), painter.begun)
    for frame, picture in zip(batch, painted, strict=True):
        painting.write(frame, picture)


def _batches(film: MovingPictures, batch_size: int) -> Iterator[list[Frame] | Any]:
    """Yield lists of `batch_size` frames, and packets of other streams."""
    batch: list[Frame] = []
    for item in film:
        if not isinstance(item, Frame):
            yield item
            continue
        batch.append(item)
        if len(batch) == batch_size:
            yield batch
            batch = []
    if batch:
        yield batch
