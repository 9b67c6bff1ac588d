"""One call of `stylize`: files in, files out, one bad file never stops the rest."""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf
from rich.progress import track
from torch import Tensor

from stylegan_pl.build import inference_device
from stylegan_pl.checkpoint import load_generator, resolve
from stylegan_pl.errors import DataError
from stylegan_pl.images import image_to_tensor, read_image, tensor_to_image, upright_exif, write_image
from stylegan_pl.inference.files import plan
from stylegan_pl.inference.styles import in_style
from stylegan_pl.inference.stylize import batches_of_one_size, stylize_batch
from stylegan_pl.schema import Precision

_log = logging.getLogger(__name__)
Job = tuple[Path, Path]


def paint(config: DictConfig) -> int:
    """Stylise by a composed `StylizeConfig`; returns the exit code, 1 when a file could not be read or written."""
    jobs = plan(Path(config.input), Path(config.output), image_format=config.image_format, overwrite=config.overwrite)
    generator = in_style(
        load_generator(resolve(config.ckpt), trusted=config.trust), _listed(config.style), weights=config.style_weights,
        strength=config.strength, size=config.style_size,
    )  # fmt: skip
    device = inference_device(config.device)
    dtype = torch.bfloat16 if _half(config.precision, device) else torch.float32
    generator.to(device)
    refused: list[str] = []
    painted = 0
    for batch, pictures in batches_of_one_size(_read(jobs, refused), config.batch_size):
        results = stylize_batch(generator, pictures, device=device, dtype=dtype)
        for job, result in zip(batch, results, strict=True):
            painted += _write(result, job, refused)
    for line in refused:
        _log.error("skipped: %s", line)
    _log.info("%d of %d pictures painted -> %s", painted, len(jobs), config.output)
    return 1 if refused else 0


def _listed(style: Any) -> list[str]:
    """Nothing, one file or a list of them -> a list."""
    if style is None:
        return []
    return [str(path) for path in style] if OmegaConf.is_list(style) else [str(style)]


def _half(precision: Precision, device: torch.device) -> bool:
    if precision is Precision.auto:
        return device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    return precision in (Precision.bf16, Precision.fp16)


def _read(jobs: list[Job], refused: list[str]) -> Iterator[tuple[Job, Tensor]]:
    quiet = len(jobs) == 1 or not sys.stderr.isatty()
    for job in track(jobs, description="painting", disable=quiet):
        try:
            yield job, image_to_tensor(read_image(job[0]))
        except DataError as error:
            refused.append(str(error))


def _write(result: Tensor, job: Job, refused: list[str]) -> int:
    source, target = job
    try:
        write_image(tensor_to_image(result), target, exif=upright_exif(source))
    except DataError as error:
        refused.append(str(error))
        return 0
    return 1
