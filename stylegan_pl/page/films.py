"""Paints one uploaded film, with its sound, in the same way as `stylize`."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from stylegan_pl.errors import UserError
from stylegan_pl.inference.film.decode import Film
from stylegan_pl.inference.film.encode import Encoding
from stylegan_pl.inference.film.film import Painted, paint_film
from stylegan_pl.inference.film.frame_painter import FramePainter
from stylegan_pl.inference.film.source import check_frame_size
from stylegan_pl.inference.film.steadiness import Steadiness
from stylegan_pl.inference.painter import Painter
from stylegan_pl.page.pictures import new_folder

KEPT = frozenset({".mp4", ".m4v", ".mov", ".mkv", ".webm"})  # containers that are kept; others become .mkv
PLAYED = KEPT - {".mkv"}  # containers that browsers play
Report = Callable[[int, int | None], None]


class PaintedFilm(NamedTuple):
    """A painted film, possibly stopped early."""

    result: Path
    facts: Painted


def paint_film_file(
    upload: Path,
    painter: Painter,
    folder: Path,
    *,
    steadiness: Steadiness,
    encoding: Encoding,
    max_megapixels: float,
    batch_size: int = 1,
    stop: Callable[[], bool] = lambda: False,
    report: Report = lambda done, frames: None,
) -> PaintedFilm:
    """Paint a film; if it is stopped, the part up to there is a complete film.

    Args:
        folder: the film is written into a new folder in this one.
        max_megapixels: largest size of a frame.
        report: called with the numbers of painted frames and of all frames (approximate; None: unknown).

    Raises:
        UserError: not a film, frames are too large, the codec cannot write them, or stopped before the first frame.
    """
    suffix = upload.suffix.lower() if upload.suffix.lower() in KEPT else ".mkv"
    result = new_folder(folder) / f"{upload.stem}-painted{suffix}"
    with Film(upload) as film:
        check_frame_size(film, max_megapixels)
        done = 0

        def report_frames(frames: float) -> None:
            nonlocal done
            done += round(frames)
            report(done, None if film.frames is None else max(film.frames, done))

        frames = FramePainter(painter.of_size(film.look.height, film.look.width), steadiness)
        facts = paint_film(film, result, frames, encoding, batch_size=batch_size, stop=stop, report=report_frames)
    if facts.frames == 0:
        raise UserError(f"{upload}: stopped before a frame was painted")
    return PaintedFilm(result, facts)


def summary(facts: Painted) -> str:
    """The result, in one line."""
    line = f"{'Stopped: ' if facts.stopped else ''}{facts.frames} frames, {facts.seconds:.2f} s"
    if facts.flicker is not None:
        line += f", flicker {facts.flicker[0]:.4f} beyond the film's own"
    return line + (f", {facts.damaged} damaged packets passed over" if facts.damaged else "")
