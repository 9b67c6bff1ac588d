"""Films of a second on disk, made by PyAV, and what is in a film file."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
import numpy as np

WIDTH, HEIGHT, FRAMES = 64, 48, 20
SAMPLE_RATE = 48000
TICKS = Fraction(1, 600)  # of the clips' clock


def scene(
    frames: int = FRAMES, *, seed: int = 0, step: int = 1, width: int = WIDTH, height: int = HEIGHT
) -> np.ndarray:
    """A smooth picture that moves right by `step` pixels a frame: uint8 (T, H, W, 3)."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, size=(4, 6, 3))
    rows = np.linspace(0, 3, height)
    columns = np.linspace(0, 5, width + step * frames)
    wide = np.stack([_enlarged(coarse[..., colour], rows, columns) for colour in range(3)], axis=-1)
    return np.stack([wide[:, step * t : step * t + width] for t in range(frames)]).round().astype(np.uint8)


def _enlarged(coarse: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    across = np.stack([np.interp(columns, np.arange(coarse.shape[1]), row) for row in coarse])
    return np.stack([np.interp(rows, np.arange(coarse.shape[0]), column) for column in across.T], axis=1)


def regular(frames: int = FRAMES, ticks: int = 24) -> list[int]:
    """25 frames a second."""
    return [ticks * t for t in range(frames)]


def write_film(
    path: Path,
    frames: np.ndarray,
    times: Sequence[int] | None = None,
    *,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    sound: bool = True,
    rotation: int = 0,
    matrix: int = 2,
    sound_codec: str = "aac",
    options: dict[str, str] | None = None,
) -> Path:
    """Frames at the given ticks, nearly lossless, and a sine; `rotation`: degrees, counterclockwise, to upright."""
    times = regular(len(frames)) if times is None else times
    wide = frames.dtype == np.uint16
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=25, options={"crf": "4", **(options or {})})
        video.height, video.width = frames.shape[1:3]
        video.pix_fmt, video.codec_context.time_base = pixel_format, TICKS
        video.codec_context.colorspace = matrix
        if rotation:
            video.set_display_rotation(rotation)
        audio = container.add_stream(sound_codec, rate=SAMPLE_RATE) if sound else None
        container.metadata["title"] = "a clip"
        container.start_encoding()
        spans = dict(zip(times, np.diff([*times, 2 * times[-1] - times[-2]]).tolist(), strict=True))
        for pixels, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb48le" if wide else "rgb24")
            dst = 5 if matrix == 2 else matrix
            frame = frame.reformat(format=pixel_format, dst_colorspace=dst, src_color_range=2, dst_color_range=1)
            frame.pts, frame.time_base = time, TICKS
            _mux(container, video.encode(frame), spans)
        _mux(container, video.encode(None), spans)
        if audio is not None:
            seconds = float((times[-1] + times[1] - times[0]) * TICKS)
            for packet in _sine(audio, seconds):
                container.mux(packet)
    return path


def _mux(container: Any, packets: list[Any], spans: dict[int, int]) -> None:
    for packet in packets:
        packet.duration = round(spans[round(packet.pts * packet.time_base / TICKS)] * TICKS / packet.time_base)
        container.mux(packet)


def _sine(stream: Any, seconds: float) -> list[Any]:
    wave = np.sin(2 * np.pi * 440 * np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE).astype(np.float32)
    packets = []
    for start in range(0, len(wave), 1024):
        part = av.AudioFrame.from_ndarray(np.stack([wave[start : start + 1024]] * 2), format="fltp", layout="stereo")
        part.sample_rate, part.pts, part.time_base = SAMPLE_RATE, start, Fraction(1, SAMPLE_RATE)
        packets += stream.encode(part)
    return packets + stream.encode(None)


class Seen(NamedTuple):
    """What a player finds in a film."""

    frames: np.ndarray  # (T, H, W, 3), uint8 or uint16, as stored
    times: list[Fraction]  # seconds
    durations: list[Fraction]
    sound: list[tuple[Fraction, bytes]]  # packets: when, what
    seconds: Fraction  # of the pictures
    pixel_format: str
    codec: str
    rotation: int
    metadata: dict[str, str]


def look(path: Path) -> Seen:
    """Decode and demux it all."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        deep = "10le" in video.pix_fmt
        decoded = list(container.decode(video))
        frames = np.stack([frame.to_ndarray(format="rgb48le" if deep else "rgb24") for frame in decoded])
        times = [frame.pts * frame.time_base for frame in decoded]
        durations = [frame.duration * frame.time_base for frame in decoded]
        seconds = video.duration * video.time_base if video.duration else times[-1] + durations[-1] - times[0]
        about = (video.pix_fmt, video.codec_context.name, decoded[0].rotation, dict(container.metadata))
    with av.open(str(path)) as container:
        packets = [p for p in container.demux(audio=0) if p.dts is not None] if container.streams.audio else []
        sound = [(packet.pts * packet.time_base, bytes(packet)) for packet in packets]
    return Seen(frames, times, durations, sound, seconds, *about)
