"""A film file in, its painting out, and how much that flickers."""

from collections.abc import Callable, Iterator
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

Report = Callable[[float], None]


class Flicker(NamedTuple):
    """Mean change from frame to frame within scenes, colours in [-1, 1]; see `metrics.flicker`."""

    added: float  # beyond the film's own
    painting: float
    film: float


class FlickerMeter:
    """`metrics.Flicker` for films of any length.

    Steps are taken out of the metric as plain numbers: small tensors, left behind among the large ones of each frame,
    keep the allocator from using their places again, and a process grew by a frame a frame.
    """

    def __init__(self) -> None:
        from stylegan_pl.metrics.flicker import Flicker as Measure  # torchmetrics takes a second to import

        self._measure = Measure()
        self._steps: list[list[float]] = []  # step t leads to frame t + 1

    def add(self, painted: Tensor, frames: Tensor) -> None:
        """Frames that follow those before, (N, 3, H, W) in [-1, 1] both."""
        self._measure.update(painted, frames)
        if self._measure.steps:
            self._steps += self._measure.per_step().tolist()
            self._measure.steps.clear()

    def read(self, begun: list[int]) -> Flicker | None:
        """Over all steps but those into the frames that begin a scene, where everything may change; None: no steps."""
        cuts = set(begun)
        within = [step for frame, step in enumerate(self._steps, start=1) if frame not in cuts]
        return Flicker(*torch.tensor(within).mean(dim=0).tolist()) if within else None


class Painted(NamedTuple):
    """What became of a film."""

    frames: int
    scenes: int
    seconds: float  # that are painted
    flicker: Flicker | None  # None: there are no two frames of one scene
    stopped: bool  # before its end
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
    """Decode, paint and encode, `batch_size` frames at a time; no more than these are held.

    Stopped, or interrupted in a batch, it leaves a whole film of what was painted until then; on an error, nothing.

    Args:
        stop: asked before each batch.
        report: told how many frames have been painted since the last call.

    Raises:
        UserError: the encoder or the container cannot do it.
        DataError: the disk is full, or the like.
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
        painting.finish(whole=not stopped and not film.damaged)
    except (pyav().FFmpegError, OSError) as error:
        painting.discard()
        raise DataError(f"output={output}: cannot be written ({first_line(error)}); choose another output=") from error
    except BaseException:
        painting.discard()
        raise
    return Painted(
        painting.frames, len(painter.begun), painting.seconds, meter.read(painter.begun), stopped, film.damaged
    )


def _paint(batch: list[Frame], painter: FramePainter, painting: Painting, meter: FlickerMeter) -> None:
    frames = torch.stack([frame.picture for frame in batch])
    painted = painter(frames, [float(frame.pts * painting.film.time_base) for frame in batch])
    meter.add(as_float(painted), as_float(frames))
    for frame, picture in zip(batch, painted, strict=True):
        painting.write(frame, picture)


def _batches(film: MovingPictures, batch_size: int) -> Iterator[list[Frame] | Any]:
    """Lists of frames, and packets as they come."""
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
