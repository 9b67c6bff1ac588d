"""One call of `evaluate`: all systems paint the same photographs, all metrics score them, one report shows them."""

import logging
import platform
import time
from pathlib import Path

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.evaluation.clock import Clock
from stylegan_pl.evaluation.entrants import Entrant, entrants
from stylegan_pl.evaluation.fixed_set import FixedSet, read_fixed_set
from stylegan_pl.evaluation.judge import Judge
from stylegan_pl.evaluation.options import (
    chosen_measures,
    chosen_metrics,
    chosen_sets,
    crop_size,
    training_config,
    unlike_training,
)
from stylegan_pl.evaluation.outputs import report_folder, write_report
from stylegan_pl.evaluation.systems import Checkpoint, Pictures, System
from stylegan_pl.metrics.content_distance import ContentDistance
from stylegan_pl.metrics.statistics_cache import StatisticsCache
from stylegan_pl.pictures.crop_size import CropSize, in_words, sides
from stylegan_pl.report.as_json import metrics_json
from stylegan_pl.report.contents import Photo, Report
from stylegan_pl.report.table import further_away, terminal_table
from stylegan_pl.runs.device import inference_device, inference_dtype
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.precision import Precision

_log = logging.getLogger(__name__)

_PAINTINGS_SHOWN = 8


def assess(config: DictConfig) -> int:
    """Evaluate with a composed `EvaluateConfig`; returns the exit code.

    Raises:
        ConfigError: one line with what to type instead.
    """
    clock = Clock()
    device = inference_device(config.device)
    found = entrants(_typed(config))
    with report_folder(found, config.output, overwrite=config.overwrite) as folder:
        return _assessed(config, found, folder, device, clock)


def _assessed(config: DictConfig, found: list[Entrant], folder: Path, device: torch.device, clock: Clock) -> Outcome:
    trained = training_config(found)
    # metrics first, so that missing weights are reported before pictures are read
    metrics, nodes = chosen_metrics(config, trained)
    content_loss: ContentDistance = instantiate(config.content_loss, _convert_="all")
    content, style, pairing = chosen_sets(config, trained)
    size = crop_size(config, trained)
    measures = chosen_measures(config, trained, size, nodes, device)
    with clock("reading"):
        fixed = read_fixed_set(
            content, style, pairing, split=config.split, size=size, seed=measures.seed, pairs=measures.pairs,
            style_crops=measures.style_crops,
        )  # fmt: skip
    for line in fixed.skipped:
        _log.warning("skipped: %s", line)
    more = f" (pairs={fixed.available} takes all)" if len(fixed.photographs) < fixed.available else ""
    _log.info(
        "%d of %d photographs of split=%s%s, %d crops of paintings, %s px",
        len(fixed.photographs), fixed.available, config.split, more, len(fixed.paintings), in_words(size),
    )  # fmt: skip
    unlike = [] if trained is None else unlike_training(config, measures, found)
    for line in unlike:
        _log.info("%s", line)
    judge = Judge(
        metrics, content_loss, fixed,
        cache=None if config.cache is None else StatisticsCache(config.cache), device=device,
        batch_size=config.batch_size, resamples=config.resamples, clock=clock,
    )  # fmt: skip
    dtype = inference_dtype(Precision[measures.precision], device)
    entries = [judge.entry(_system(entrant, config, device, dtype, content, size)) for entrant in found]
    report = Report(
        title=entries[0].name if len(entries) == 1 else f"{len(entries)} compared",
        made=f"{time.strftime('%Y-%m-%d %H:%M')}, {platform.machine()}, torch {torch.__version__}, {device}",
        photographs=[Photo(photograph.name, photograph.content) for photograph in fixed.photographs],
        paintings=list(fixed.paintings[:_PAINTINGS_SHOWN]),
        entries=entries,
        data={**_about(config, content, style, fixed), **({"training": "; ".join(unlike)} if unlike else {})},
        seconds=judge.seconds(),
    )
    paths = write_report(report, folder)
    _conclude(report, paths)
    return Outcome(0, facts={**metrics_json(report), "files": [str(path) for path in paths]})


def _typed(config: DictConfig) -> list[str]:
    if config.ckpt is not None:
        return [str(config.ckpt)]
    return [str(word) for word in config.compare] if OmegaConf.is_list(config.compare) else [str(config.compare)]


def _system(
    entrant: Entrant, config: DictConfig, device: torch.device, dtype: torch.dtype, content: ImageFolder, size: CropSize
) -> System:
    if entrant.checkpoint is None:
        return Pictures(entrant.name, entrant.source, Path(entrant.source), content, size)
    return Checkpoint(entrant.name, entrant.source, entrant.checkpoint, device, dtype, list(config.trust))


def _about(config: DictConfig, content: ImageFolder, style: ImageFolder, fixed: FixedSet) -> dict[str, str]:
    return {
        "photographs": f"{len(fixed.photographs)} of {fixed.available}, split={config.split}, {content.root}",
        "paintings": f"{len(fixed.paintings)} crops of the training paintings, {style.root}",
        "crop": f"{sides(fixed.size)[0]} × {sides(fixed.size)[1]} pixels, the photographs' middle",
        "skipped": f"{len(fixed.skipped)} files",
    }


def _conclude(report: Report, paths: list[Path]) -> None:
    print(terminal_table(report))
    for line in further_away(report):
        print(line)
    total = sum(report.seconds.values())
    parts = " · ".join(f"{part} {seconds:.1f} s ({seconds / total:.0%})" for part, seconds in report.seconds.items())
    _log.info("time: %s", parts)
    for path in paths:
        _log.info("%s", path)
