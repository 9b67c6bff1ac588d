"""One call of `stylize model=picture.onnx`: paints by onnxruntime and never imports torch."""

import logging
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf
from PIL import Image

from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.inference.film.library import is_film
from stylegan_pl.inference.main_memory import check_memory_gb
from stylegan_pl.inference.onnx.finish import colours_named
from stylegan_pl.inference.onnx.memory import LARGE, MemoryCheck
from stylegan_pl.inference.onnx.painter import OnnxPainter, facts_in, read_style
from stylegan_pl.pictures.plan import Job, Plan, check_one, facts_of, not_whole, plan, summary
from stylegan_pl.pictures.progress import Progress
from stylegan_pl.pictures.read import pixel_limit, read_image, upright_exif, upright_size
from stylegan_pl.pictures.write import check_result, write_image
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.output_lock import alone_writing
from stylegan_pl.stylizing.options import check_used

_log = logging.getLogger(__name__)


def paint_onnx(config: DictConfig, *, output_name: str | None = None) -> int:
    """Paint by a composed `StylizeConfig` with a model; returns the exit code, 1 if a file could not be painted.

    Args:
        output_name: name of the output in messages; None: as in the config.
    """
    check_used(config, "onnx")
    if is_film(config.input, config.output):
        raise ConfigError(f"input={config.input}: films are painted with ckpt=, not with model=")
    check_used(config, "pictures")
    if not 1 <= config.quality <= 100:
        raise ConfigError(f"quality={config.quality} must be between 1 and 100; the default is 95")
    check_memory_gb(config.memory_gb)
    sources: Any = OmegaConf.to_container(config.input) if OmegaConf.is_list(config.input) else str(config.input)
    planned = plan(
        sources, Path(config.output), image_format=config.image_format, overwrite=config.overwrite, resume=config.resume
    )
    place, is_folder = planned.place(Path(config.output))
    with alone_writing(place, is_folder=is_folder), pixel_limit(config.max_megapixels):
        return _paint_all(config, planned, output_name or str(place))


def _paint_all(config: DictConfig, planned: Plan, output_name: str) -> Outcome:
    if planned.skipped:
        _log.info("%s: %s", config.input, planned.skipped_line)
    painter = _painter(config)
    check = MemoryCheck(painter, config.memory_gb) if any(_is_large(job) for job in planned.jobs) else None
    refused = not_whole(planned)
    with Progress("painting", len(planned.jobs)) as bar:
        for job in planned.jobs:
            try:
                _paint(painter, job, config, check)
            except DataError as error:
                refused[job] = str(error)
            except MemoryError:
                refused[job] = f"{job.picture}: memory ran out; paint it with ckpt=, which cuts it into tiles"
            bar.advance(1)
    check_one(planned, refused)
    for line in refused.values():
        _log.error("skipped: %s", line)
    _log.info("%s -> %s", summary(planned, refused), output_name)
    return Outcome(1 if refused else 0, facts=facts_of(planned, refused))


def _painter(config: DictConfig) -> OnnxPainter:
    model = Path(config.onnx)
    styles = config.style if OmegaConf.is_list(config.style) else [config.style] if config.style is not None else []
    if len(styles) > 1:
        raise ConfigError("style=: an exported file takes one painting; only ckpt= takes several")
    stride = facts_in(model)["graph"]["stride"] if styles else 1
    style = read_style(Path(styles[0]), size=config.style_size, stride=stride) if styles else None
    return OnnxPainter(
        model, style=style, strength=config.strength, stroke=config.stroke, stroke_at=config.stroke_at,
        keep_colour=colours_named(config.keep_colour), device=config.device,
    )  # fmt: skip


def _paint(painter: OnnxPainter, job: Job, config: DictConfig, check: MemoryCheck | None) -> None:
    """Read, paint, write.

    Raises:
        DataError: one of the three cannot be done.
    """
    image = read_image(job.picture, one_frame=not config.first_frame)
    check_result(job.result, *image.size)
    if check is not None:
        check(str(job.picture), *image.size)
    try:
        painted = painter(np.array(image)[None])[0]
    except DataError as error:
        raise DataError(f"{job.picture}: {error}") from error
    write_image(Image.fromarray(painted), job.result, exif=upright_exif(job.picture), quality=config.quality)


def _is_large(job: Job) -> bool:
    with suppress(DataError):  # reported when this picture is painted
        width, height = upright_size(job.picture)
        return width * height >= LARGE
    return False
