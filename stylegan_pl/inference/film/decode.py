"""Decodes a film into pictures with their times; packets of other streams are passed on unchanged."""

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from stylegan_pl.errors import UnfitData, first_line
from stylegan_pl.inference.film.frames import Look, ToPictures
from stylegan_pl.inference.film.library import camera, is_live, opened, pyav
from stylegan_pl.inference.film.restarts import ContinuousTimes
from stylegan_pl.inference.film.source import Frame

_STILL = 0x400 | 0x800 | 0x100000  # AV_DISPOSITION_ATTACHED_PIC, _TIMED_THUMBNAILS, _STILL_IMAGE
_USUAL_RATE = Fraction(25)  # frames per second, for a film that does not contain its rate


class Film:
    """An open film; a context manager.

    Iterating yields, in the film's order, a `Frame` for each picture, and PyAV's undecoded packets of the streams
    `others`. Only the decoder's frames are in memory. If times restart, as in joined recordings, they are made to
    continue.

    Args:
        path: a file; `-`: standard input; `camera`, `camera:1` …: a camera (see `library.camera`).

    Raises:
        DataError: it is not a film, or has no picture.
    """

    def __init__(self, path: Path | str) -> None:
        av = pyav()
        self.path, self.damaged = path, 0  # damaged: packets that could not be decoded
        try:
            self._container = opened(path)
        except (av.FFmpegError, OSError, ValueError) as error:
            if (device := camera(path)) is not None:
                raise UnfitData(
                    f"input={path}: no camera to be opened at {device.device} ({first_line(error)}); type "
                    "input=camera:1 for another"
                ) from error
            raise UnfitData(f"{path}: cannot be read as a film ({first_line(error)})") from error
        found = _moving(self._container.streams)
        if found is None:
            covers = len(self._container.streams.video)
            self.close()
            raise UnfitData(f"{path}: has no pictures{' but a cover' if covers else ''}")
        self.stream = found
        self.stream.thread_type = "AUTO"
        self.others = [*self._container.streams.audio, *self._container.streams.subtitles]
        self._next_pts = 0
        self._times = ContinuousTimes()
        self._items = self._demux()
        self._waiting, self._first = self._until_first_picture()
        self.look = Look.of(self._first)

    def __enter__(self) -> "Film":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    @property
    def time_base(self) -> Fraction:
        """The unit of time in seconds."""
        return _fraction(self.stream.time_base)

    @property
    def rate(self) -> Fraction:
        """Frames per second, on average."""
        rates = (self.stream.average_rate, self.stream.guessed_rate)
        return next((_fraction(rate) for rate in rates if rate), _USUAL_RATE)

    @property
    def aspect(self) -> Fraction:
        """Pixel aspect ratio: width / height, of the upright picture."""
        stored = _fraction(self.stream.sample_aspect_ratio or 1)
        return 1 / stored if self.look.quarter_turns % 2 else stored

    @property
    def pixel_format(self) -> str | None:
        """FFmpeg's name of the stored pixel format."""
        return self.stream.codec_context.pix_fmt

    @property
    def duration(self) -> int | None:
        """Duration of the pictures in units of the time base, from the file; None if unknown, or if times restart."""
        return None if self.restarts else self.stream.duration

    @property
    def restarts(self) -> int:
        """How many times the film's times have restarted so far."""
        return self._times.restarts

    @property
    def stream_metadata(self) -> dict[str, str]:
        """Metadata of the video stream."""
        return dict(self.stream.metadata)

    @property
    def metadata(self) -> dict[str, str]:
        """The film's metadata, such as title and date, without the container's own entries."""
        own = {"encoder", "major_brand", "minor_version", "compatible_brands", "duration"}
        return {key: value for key, value in self._container.metadata.items() if key.lower() not in own}

    @property
    def frames(self) -> int | None:
        """Number of pictures according to the file; None if unknown."""
        if is_live(self.path):
            return None
        if self.stream.frames:
            return int(self.stream.frames)
        if self.stream.duration:
            return max(1, round(self.stream.duration * self.time_base * self.rate))
        if not self._container.duration:  # raw H.264, for example
            return None
        return max(1, round(self._container.duration * self.rate / pyav().time_base))

    def __iter__(self) -> Iterator[Frame | Any]:
        to_picture = ToPictures(self.look)
        yield from self._waiting
        self._waiting = []
        first, self._first = self._first, None
        yield self._timed(first, to_picture)
        del first
        for item in self._items:
            yield self._timed(item, to_picture) if isinstance(item, pyav().VideoFrame) else item

    def _until_first_picture(self) -> tuple[list[Any], Any]:
        packets: list[Any] = []
        for item in self._items:
            if isinstance(item, pyav().VideoFrame):
                return packets, item
            packets.append(item)
        self.close()
        raise UnfitData(f"{self.path}: no picture in it can be decoded")

    def _demux(self) -> Iterator[Any]:
        """Yield decoded pictures, and packets of the other streams."""
        av = pyav()
        packets = self._times(self._container.demux(self.stream, *self.others))
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except (av.FFmpegError, OSError):  # damaged: the rest of the file cannot be read
                self.damaged += 1
                with contextlib.suppress(av.FFmpegError):
                    yield from self.stream.decode(None)
                return
            if packet.stream is not self.stream:
                if packet.dts is not None or packet.pts is not None:  # not the empty packet at the end
                    yield packet
                continue
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self.damaged += 1

    def _timed(self, frame: Any, to_picture: ToPictures) -> Frame:
        """Add times to a picture: missing ones follow from the rate, and no two pictures have the same time."""
        step = max(1, round(1 / (self.rate * self.time_base)))
        pts = self._next_pts if frame.pts is None else max(int(frame.pts), self._next_pts - step + 1)
        self._next_pts = pts + step
        return Frame(to_picture(frame), pts, int(getattr(frame, "duration", None) or 0))


def _moving(streams: Any) -> Any | None:
    """The video stream, without covers, thumbnails and posters; of several, FFmpeg's choice."""
    moving = {stream.index: stream for stream in streams.video if not stream.disposition.value & _STILL}
    moving = {index: stream for index, stream in moving.items() if stream.frames != 1} or moving
    best = streams.best("video")
    return moving.get(best.index if best else None) or next(iter(moving.values()), None)


def _fraction(ratio: Any) -> Fraction:
    """A `Fraction` from PyAV's ratio, which has its own class since version 19."""
    return Fraction(ratio.numerator, ratio.denominator)
