"""One call of `stylize` whose input is a film."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.film.animated_webp import AnimatedWebP
from stylegan_pl.inference.film.decode import Film
from stylegan_pl.inference.film.film import Painted, paint_film
from stylegan_pl.inference.film.frame_painter import FramePainter
from stylegan_pl.inference.film.library import PIPE, are_frames, check_paths
from stylegan_pl.inference.film.numbered import NumberedFrames
from stylegan_pl.inference.film.options import split_options
from stylegan_pl.inference.film.source import check_frame_size
from stylegan_pl.inference.film.stop import INTERRUPTED, asked_to_stop
from stylegan_pl.inference.masks import Masks
from stylegan_pl.inference.painter import Painter
from stylegan_pl.pictures.inputs import pictures
from stylegan_pl.pictures.progress import Progress
from stylegan_pl.pictures.read import pixel_limit
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.output_lock import alone_writing
from stylegan_pl.stylizing.options import check_used
from stylegan_pl.stylizing.pipes import lines_on_stderr

_log = logging.getLogger(__name__)

_USUAL_FPS = 25.0  # for a folder of frames without film.fps


def paint_one_film(config: DictConfig, load: Callable[[], Painter]) -> int:
    """Paint by a composed `StylizeConfig`; returns the exit code: 1 if parts were damaged, 130 if stopped.

    Args:
        load: called after the film has been opened, because loading takes time.

    Raises:
        ConfigError: not a film, or options that do not work with a film.
    """
    check_used(config, "film")
    source, output = Path(config.input), Path(config.output)
    if str(output) == PIPE:
        with lines_on_stderr():
            return _paint(config, load, source, output)
    with alone_writing(output, is_folder=False):
        return _paint(config, load, source, output)


def _paint(config: DictConfig, load: Callable[[], Painter], source: Path, output: Path) -> int:
    options: Any = OmegaConf.to_container(config.film, resolve=True)
    steadiness, encoding = split_options(options)
    check_paths(source, output, overwrite=config.overwrite)
    if config.mask is not None and Path(config.mask).is_dir():
        raise ConfigError(f"mask={config.mask} is a folder; a film takes one mask for all frames: mask=mask.png")
    with (
        pixel_limit(config.max_megapixels),
        _opened(config, source) as film,
        Progress("painting", film.frames) as bar,
        asked_to_stop() as stop,
    ):
        check_frame_size(film, config.max_megapixels)
        mask = None
        if config.mask is not None:
            mask = Masks(Path(config.mask)).of(Path(source.name), film.look.width, film.look.height)
        painter = load().of_size(film.look.height, film.look.width)
        frames = FramePainter(painter, steadiness, mask=mask)
        painted = paint_film(
            film, output, frames, encoding, batch_size=config.batch_size, stop=stop, report=bar.advance
        )
        restarts = film.restarts if isinstance(film, Film) else 0
    if restarts:
        times = "once" if restarts == 1 else f"{restarts} times"
        _log.info("%s: its timestamps start again %s; the parts were joined one after another", source, times)
    return _report(painted, source, output)


def _opened(config: DictConfig, source: Path) -> Film | NumberedFrames | AnimatedWebP:
    """The film to paint; a folder of frames is also a film."""
    if not are_frames(source):
        if config.film.fps is not None:
            raise ConfigError(f"film.fps= is for a folder of frames; {source} has its own frame rate: leave it out")
        return AnimatedWebP(source) if source.suffix.lower() == ".webp" else Film(source)
    fps = _USUAL_FPS if config.film.fps is None else config.film.fps
    frames = NumberedFrames(source, pictures(str(source)), fps=fps)
    first, last = frames.files[0].name, frames.files[-1].name
    _log.info("%s: %d frames, %s to %s, at %g a second (film.fps=)", source, frames.frames, first, last, fps)
    return frames


def _report(painted: Painted, source: Path, output: Path) -> int:
    if painted.frames == 0:
        _log.warning("stopped before a frame was painted; nothing was written")
        return INTERRUPTED
    if painted.flicker is not None:
        flicker = painted.flicker
        _log.info(
            "flicker, the mean change from frame to frame of colours in [-1, 1]: painting %.4f, film %.4f; "
            "pixel by pixel these two changes differ by %.4f (0: painting adds none)",
            flicker.painting, flicker.film, flicker.added,
        )  # fmt: skip
    if painted.damaged:
        _log.error("%s: %d of its pictures or packets could not be decoded and were skipped", source, painted.damaged)
    where = "stdout" if str(output) == PIPE else output
    scenes = "1 scene" if painted.scenes == 1 else f"{painted.scenes} scenes"
    line = f"{painted.frames} frames in {scenes} ({painted.seconds:.2f} s) painted -> {where}"
    _log.info("%s%s", "stopped early: " if painted.stopped else "", line)
    facts = {
        "input": str(source), "output": str(output), "frames": painted.frames, "scenes": painted.scenes,
        "seconds": painted.seconds, "damaged": painted.damaged, "stopped": painted.stopped,
        "flicker": None if painted.flicker is None else painted.flicker._asdict(),
    }  # fmt: skip
    return Outcome(INTERRUPTED if painted.stopped else int(painted.damaged > 0), facts={"film": facts})
