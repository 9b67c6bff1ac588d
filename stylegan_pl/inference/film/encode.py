"""Encodes painted pictures into a film file, with the original's times, sound and subtitles."""

import errno
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from stylegan_pl.errors import ConfigError, DataError, UserError, first_line
from stylegan_pl.inference.film.frames import ToFrames
from stylegan_pl.inference.film.library import PIPE, for_ffmpeg, pyav
from stylegan_pl.inference.film.packet_times import PacketTimes
from stylegan_pl.inference.film.pixel_format import pixel_format_for
from stylegan_pl.inference.film.source import Frame, MovingPictures
from stylegan_pl.pictures.whole_file import unfinished

_log = logging.getLogger(__name__)

_CRF = {"libx264", "libx264rgb", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "libaom-av1", "librav1e"}
_WEBM = "libvpx-vp9"
_MOV = {".mp4", ".m4v", ".mov", ".3gp"}
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO, errno.EFBIG}
_ONE_TIME = {".avi", ".wmv"}  # they store only the decoding time, so frames must not be reordered (no B-frames)


@dataclass(frozen=True)
class Encoding:
    """How a film is compressed.

    Args:
        codec: name of an FFmpeg encoder.
        crf: constant quality, lower is better, on the codec's own scale; None: the codec's default.
        bitrate: megabits per second, instead of `crf`.
        options: other options of the encoder, such as preset; None: none.

    Raises:
        ConfigError: a number is out of range, or there is no such encoder.
    """

    codec: str | None = None
    crf: float | None = 18
    bitrate: float | None = None
    options: dict[str, str] | None = None

    def __post_init__(self) -> None:
        if self.crf is not None and not 0 <= self.crf <= 63:
            raise ConfigError(
                f"film.crf={self.crf} must be between 0 (best) and 51 (63 for VP9 and AV1); 18 unless given"
            )
        if self.bitrate is not None and not 0 < self.bitrate <= 2000:
            raise ConfigError(f"film.bitrate={self.bitrate} is in megabits a second; type film.bitrate=8")
        if self.codec is not None and not _is_encoder(self.codec):
            raise ConfigError(f"film.codec={self.codec} is no encoder of this FFmpeg; type film.codec=libx264")

    def encoder_for(self, output: Path) -> str:
        """The codec, or the usual codec for the output's container."""
        return self.codec or (_WEBM if output.suffix.lower() == ".webm" else "libx264")

    def encoder_options(self, codec: str) -> dict[str, str]:
        """The options with FFmpeg's names.

        Raises:
            ConfigError: the codec has no constant quality.
        """
        given = {key: str(value) for key, value in (self.options or {}).items()}
        if self.crf is None or self.bitrate is not None:
            return given
        if codec.endswith("_nvenc"):
            return {"cq": f"{self.crf:g}", **given}
        if codec not in _CRF:
            raise ConfigError(
                f"film.codec={codec} knows no crf; type film.crf=null, and film.bitrate=8 where it is lossy"
            )
        return {"crf": f"{self.crf:g}", **given}


def _is_encoder(name: str) -> bool:
    try:
        return bool(pyav().Codec(name, "w").is_encoder)
    except ValueError:  # PyAV's error for an unknown name
        return False


class Painting:
    """Writes a film, in a hidden file beside its final path until `finish`; for `-`, as Matroska to standard output.

    Times, pixel aspect ratio, colour tags, sound, subtitles and metadata are the original's. Pictures are upright.

    Raises:
        ConfigError: the encoder or the container does not support this film.
    """

    def __init__(self, film: MovingPictures, output: Path, encoding: Encoding) -> None:
        av = pyav()
        self.film, self.output = film, output
        self.frames, self._closed = 0, False
        self.codec = encoding.encoder_for(output)
        self.pixel_format = pixel_format_for(self.codec, film)
        options = encoding.encoder_options(self.codec)
        if output.suffix.lower() in _ONE_TIME:
            options = {"bf": "0", **options}
        self._to_frame = ToFrames(film.look, self.pixel_format)
        self._timing = PacketTimes(film.time_base, counts_decoding=output.suffix.lower() in _MOV)
        self._partial = None if str(output) == PIPE else unfinished(output)
        try:
            self._container = self._opened()
            self._stream = self._container.add_stream(self.codec, rate=film.rate, options=options)
            self._describe(encoding)
            self._others = {stream.index: copy for stream in film.others if (copy := self._copy_of(stream)) is not None}
            self._container.metadata.update(film.metadata)
            self._container.start_encoding()
            self._tell_unused(encoding)
        except (av.FFmpegError, OSError, ValueError) as error:
            self.discard()
            if isinstance(error, BrokenPipeError):
                raise DataError(f"output={output}: its reader has left") from error
            reason = getattr(error, "strerror", None) or first_line(error)  # its line names the unfinished file
            if getattr(error, "errno", None) in _OF_THE_DISK:
                raise DataError(f"output={output}: cannot be written ({reason}); choose another output=") from error
            other = "" if self.codec == "libx264" else ", or film.codec=libx264"
            raise DataError(
                f"output={output}: {self.codec} in {output.suffix} cannot be written ({reason}); type "
                f"output={output.with_suffix('.mkv')}{other}"
            ) from error
        except UserError:
            self.discard()
            raise

    def _opened(self) -> Any:
        if self._partial is None:
            return pyav().open(sys.stdout.buffer, "w", format="matroska")
        self._partial.parent.mkdir(parents=True, exist_ok=True)
        return pyav().open(for_ffmpeg(self._partial), "w")

    def _describe(self, encoding: Encoding) -> None:
        look, context = self.film.look, self._stream.codec_context
        context.width, context.height, context.pix_fmt = look.width, look.height, self.pixel_format
        context.time_base = self.film.time_base  # the film's, not 1 / rate, because frames keep their own times
        context.sample_aspect_ratio = self.film.aspect
        context.colorspace, context.color_range = look.colours.matrix, look.colours.range
        context.color_primaries, context.color_trc = look.colours.primaries, look.colours.curve
        context.thread_type = "AUTO"
        if encoding.bitrate is not None:
            context.bit_rate = round(encoding.bitrate * 1e6)
        elif self.codec.startswith("libvpx"):
            context.bit_rate = 0  # otherwise FFmpeg's default bit rate limits crf
        self._stream.metadata.update(self.film.stream_metadata)

    def _tell_unused(self, encoding: Encoding) -> None:
        """Tell of typed options that the encoder does not have; FFmpeg leaves them over without an error.

        They are not refused: one page paints films for several encoders with the same options.
        """
        left = self._stream.codec_context.options
        for name in encoding.options or {}:
            if name in left:
                _log.warning("film.options: %s has no option %s; it is left out", self.codec, name)

    def _copy_of(self, stream: Any) -> Any | None:
        """An output stream for another stream's packets; None if nobody can copy it, which is reported."""
        if stream.codec_context is None:  # a damaged header, or a codec that this FFmpeg does not have
            _log.warning("%s: its %s stream is of an unknown kind and is left out", self.film.path, stream.type)
            return None
        try:
            copy = self._container.add_stream_from_template(stream)
        except ValueError as error:
            if stream.type == "audio":
                raise ConfigError(
                    f"output={self.output}: {self.output.suffix} cannot hold the film's {stream.codec_context.name} "
                    f"sound; type output={self.output.with_suffix('.mkv')}"
                ) from error
            _log.warning("%s holds no %s subtitles; they are left out", self.output.suffix, stream.codec_context.name)
            return None
        copy.metadata.update(stream.metadata)
        return copy

    def write(self, frame: Frame, painted: Tensor) -> None:
        """Add a painted picture, (3, H, W), with the original's time."""
        encoded = self._to_frame(painted)
        encoded.pts, encoded.time_base = frame.pts, self.film.time_base
        self._timing.expect(frame)
        self._mux(self._timing.timed(self._stream.encode(encoded)))
        self.frames += 1

    @property
    def seconds(self) -> float:
        """Seconds from the first picture to the end of the last."""
        return float(self._timing.length * self.film.time_base)

    def copy(self, packet: Any) -> None:
        """Add an unchanged packet of sound or subtitles."""
        stream = self._others.get(packet.stream.index)
        if stream is not None:
            packet.stream = stream
            self._container.mux(packet)

    def finish(self, *, whole: bool = True) -> None:
        """Write the encoder's last pictures, and rename the file; without any picture there is no file.

        Args:
            whole: the whole original was painted, so the duration is the one that the original states.
        """
        if self.frames == 0:
            self.discard()
            return
        self._mux(self._timing.timed(self._stream.encode(None)))
        self._mux(self._timing.last(self.film.duration if whole else None))
        self._close()
        if self._partial is not None:
            self._partial.replace(self.output)

    def discard(self) -> None:
        """Delete the unfinished file."""
        with suppress(Exception):  # closing a container without a header is an error
            self._close()
        if self._partial is not None:
            with suppress(OSError):
                self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        if not self._closed and hasattr(self, "_container"):
            self._closed = True
            self._container.close()

    def _mux(self, packets: list[Any]) -> None:
        for packet in packets:
            self._container.mux(packet)
