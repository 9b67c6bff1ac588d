"""A film file in, its painting out."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import torch

from stylegan_pl.errors import DataError, first_line
from stylegan_pl.inference.film.encode import Encoding, Painting
from stylegan_pl.inference.film.flicker_meter import Flicker, FlickerMeter
from stylegan_pl.inference.film.frame_painter import FramePainter
from stylegan_pl.inference.film.library import pyav
from stylegan_pl.inference.film.source import Frame, MovingPictures
from stylegan_pl.inference.painter import as_float

Report = Callable[[float], None]


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
