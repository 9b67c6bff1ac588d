"""One call of `stylize` on pictures; one bad file never stops the others."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from torch import Tensor

from stylegan_pl.errors import ConfigError, DataError, UserError, first_line
from stylegan_pl.inference.any_size import batches_of_one_size
from stylegan_pl.inference.film.library import is_film, makes_film
from stylegan_pl.inference.load_painter import load_painter
from stylegan_pl.inference.masks import Masks
from stylegan_pl.inference.painter import Painter
from stylegan_pl.inference.tiling.canvas import canvas, planes
from stylegan_pl.inference.tiling.tile_plan import Tiling
from stylegan_pl.pictures.plan import Job, Plan, check_one, facts_of, not_whole, plan, summary
from stylegan_pl.pictures.progress import Progress
from stylegan_pl.pictures.read import pixel_limit, read_image, upright_exif, upright_size
from stylegan_pl.pictures.tensors import tensor_to_image
from stylegan_pl.pictures.write import check_result, write_image
from stylegan_pl.runs.device import is_out_of_memory
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.output_lock import alone_writing
from stylegan_pl.stylizing.options import check_used

_log = logging.getLogger(__name__)
_UNPAINTABLE = (UserError, RuntimeError, ValueError, MemoryError, OSError)  # errors that a single picture may cause


def paint(config: DictConfig, *, output_name: str | None = None) -> int:
    """Paint by a composed `StylizeConfig`; returns the exit code, 1 if a file could not be read or written.

    Args:
        output_name: what the output is called; None: as in the config.
    """
    if not 1 <= config.quality <= 100:
        raise ConfigError(f"quality={config.quality} must be between 1 and 100; the default is 95")
    if is_film(config.input, config.output):
        from stylegan_pl.stylizing.film import paint_one_film  # films import the metrics and PyAV

        return paint_one_film(config, lambda: _painter(config))
    if makes_film(config.output):
        if OmegaConf.is_list(config.input):
            raise ConfigError(
                f"output={config.output}: a film is made of one film, or of a folder of frames; type input=FILM"
            )
        raise ConfigError(
            f"output={config.output}: input={config.input} is no film, so output= must be a picture or a folder"
        )
    check_used(config, "pictures")
    planned = plan(
        _sources(config.input), Path(config.output), image_format=config.image_format, overwrite=config.overwrite,
        resume=config.resume,
    )  # fmt: skip
    place, is_folder = planned.place(Path(config.output))
    with alone_writing(place, is_folder=is_folder), pixel_limit(config.max_megapixels):
        return _paint(config, planned, output_name or str(place))


def _paint(config: DictConfig, planned: Plan, output_name: str) -> Outcome:
    if planned.skipped:
        films = any(makes_film(path) for path in planned.skipped)
        hint = "; films are painted one at a time: input=FILM output=FILM" if films else ""
        _log.info("%s: %s%s", _named(config.input), planned.skipped_line, hint)
    masks = None if config.mask is None else Masks(Path(config.mask))
    painter = _painter(config)
    call = Call(painter, masks, quality=config.quality, batch_size=config.batch_size, first_frame=config.first_frame)
    painted = call.run(planned)
    if not painted and call.unknown is not None:  # a bug or a wrong option, not a bad file
        raise call.unknown
    check_one(planned, call.refused)
    for line in call.refused.values():
        _log.error("skipped: %s", line)
    _log.info("%s -> %s", summary(planned, call.refused), output_name)
    return Outcome(1 if call.refused else 0, facts=facts_of(planned, call.refused))


def _painter(config: DictConfig) -> Painter:
    return load_painter(
        config.ckpt, style=_listed(config.style), style_weights=config.style_weights, style_size=config.style_size,
        strength=config.strength, stroke=config.stroke, stroke_at=config.stroke_at, keep_colour=config.keep_colour,
        device=config.device, tiling=Tiling(config.tile, config.memory_gb, config.tile_exact),
        precision=config.precision.name, trust=config.trust,
    )  # fmt: skip


class Call:
    """Reads, paints and writes pictures, batch by batch.

    Args:
        masks: where each is painted; None: everywhere.
        quality: of JPEG and WebP.
        batch_size: pictures of one size that are painted at a time.
        first_frame: paint the first picture of animations and of files with several pages; otherwise refuse these.
    """

    def __init__(
        self, painter: Painter, masks: Masks | None, *, quality: int, batch_size: int, first_frame: bool = False
    ) -> None:
        self.painter, self.masks = painter, masks
        self.quality, self.batch_size, self.first_frame = quality, batch_size, first_frame
        self.refused: dict[Job, str] = {}  # picture -> the reason, one line
        self.unknown: Exception | None = None  # the first error of an unknown kind

    def run(self, planned: Plan) -> int:
        """Paint all, and check the results that existed before; returns how many were painted."""
        self.refused |= not_whole(planned)
        painted = 0
        with Progress("painting", len(planned.jobs)) as bar:
            for jobs, pictures in batches_of_one_size(self._read(planned.jobs, bar.advance), self.batch_size):
                painted += self._paint(jobs, pictures, bar.advance)
        return painted

    def _read(self, jobs: list[Job], report: Callable[[float], None]) -> Iterator[tuple[Job, Tensor]]:
        for job in jobs:
            try:
                yield job, _pixels(job, first_frame=self.first_frame)
            except (DataError, MemoryError) as error:
                self._refuse(job, error)
                report(1)

    def _paint(self, jobs: list[Job], pictures: Tensor, report: Callable[[float], None]) -> int:
        """Paint and write one batch; returns how many results were written."""
        reported = 0.0

        def tell(share: float) -> None:
            nonlocal reported
            reported += share
            report(share)

        try:
            masks = self._masks_of(jobs, pictures)
            height, width = pictures.shape[-2:]
            into = canvas(height, width, jobs[0].result.parent)[None] if len(jobs) == 1 else None
            results = self.painter(pictures, masks, into=into, report=tell)
        except _UNPAINTABLE as error:
            return self._one_by_one(jobs, pictures, error, report)
        written = sum(self._write(result, job) for job, result in zip(jobs, results, strict=True))
        report(len(jobs) - reported)
        return written

    def _one_by_one(self, jobs: list[Job], pictures: Tensor, error: Exception, report: Callable[[float], None]) -> int:
        """Paint the pictures of a failed batch one at a time, so that only the bad one is refused."""
        if len(jobs) > 1:
            return sum(self._paint([job], picture[None], report) for job, picture in zip(jobs, pictures, strict=True))
        self._refuse(jobs[0], error)
        report(1)
        return 0

    def _refuse(self, job: Job, error: Exception) -> None:
        if isinstance(error, DataError):  # it names the picture
            line = str(error)
        elif is_out_of_memory(error):
            width, height = upright_size(job.picture)
            line = f"{job.picture}: memory ran out at {width}×{height} pixels; type tile=512, or memory_gb="
        elif isinstance(error, UserError):
            line = f"{job.picture}: {error}"
        else:
            line = f"{job.picture}: cannot be painted ({type(error).__name__}: {first_line(error)})"
            self.unknown = self.unknown or (None if isinstance(error, OSError) else error)
        self.refused[job] = line

    def _masks_of(self, jobs: list[Job], pictures: Tensor) -> Tensor | None:
        if self.masks is None:
            return None
        height, width = pictures.shape[-2:]
        return torch.cat([self.masks.of(job.name, width, height) for job in jobs])

    def _write(self, result: Tensor, job: Job) -> int:
        try:
            write_image(tensor_to_image(result), job.result, exif=upright_exif(job.picture), quality=self.quality)
        except (DataError, MemoryError) as error:
            self._refuse(job, error)
            return 0
        return 1


def _pixels(job: Job, *, first_frame: bool) -> Tensor:
    """The pixels, uint8 (3, H, W); Pillow's copy is freed."""
    image = read_image(job.picture, one_frame=not first_frame)
    check_result(job.result, *image.size)
    return planes(image)


def _sources(given: Any) -> str | list[str]:
    return [str(path) for path in given] if OmegaConf.is_list(given) else str(given)


def _named(given: Any) -> str:
    return ", ".join(_listed(given))


def _listed(style: Any) -> list[str]:
    """None, one file or a list of files -> a list."""
    if style is None:
        return []
    return [str(path) for path in style] if OmegaConf.is_list(style) else [str(style)]
