"""One call of `evaluate`: all systems paint the same photographs, all metrics score them, one report shows them."""

import logging
import platform
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from stylegan_pl.data.check import make_ready
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Pairing
from stylegan_pl.errors import ConfigError
from stylegan_pl.evaluation.as_trained import Measures, differences, measures_of, metrics_of, metrics_were_typed
from stylegan_pl.evaluation.clock import Clock
from stylegan_pl.evaluation.entrants import Entrant, entrants
from stylegan_pl.evaluation.fixed_set import FixedSet, read_fixed_set
from stylegan_pl.evaluation.judge import Judge
from stylegan_pl.evaluation.outputs import report_folder, write_report
from stylegan_pl.evaluation.systems import Checkpoint, Pictures, System
from stylegan_pl.evaluation.training_data import sets_of
from stylegan_pl.metrics.content_distance import ContentDistance
from stylegan_pl.metrics.kinds import PictureMetric
from stylegan_pl.metrics.statistics_cache import StatisticsCache
from stylegan_pl.pictures.crop_size import CropSize, in_words, sides
from stylegan_pl.report.as_json import metrics_json
from stylegan_pl.report.contents import Photo, Report
from stylegan_pl.report.table import further_away, terminal_table
from stylegan_pl.runs.checkpoint import load
from stylegan_pl.runs.device import inference_device, inference_dtype
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.precision import Precision

_log = logging.getLogger(__name__)

_LARGEST = 8192  # pixels: largest crop that a checkpoint's config may ask for
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
    trained = _training_config(found)
    # metrics first, so that missing weights are reported before pictures are read
    metrics, nodes = _metrics(config, trained)
    content_loss: ContentDistance = instantiate(config.content_loss, _convert_="all")
    content, style, pairing = _sets(config, trained)
    size = _size(config, trained)
    measures = _measures(config, trained, size, nodes, device)
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
    unlike = [] if trained is None else _unlike_training(config, measures, found)
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


def _training_config(found: Sequence[Entrant]) -> tuple[dict[str, Any], Path] | None:
    """The config of the first checkpoint, and its file; options that were not typed come from it."""
    trainings = (entrant.checkpoint for entrant in found if entrant.checkpoint is not None)
    first = next((path for path in trainings if path.suffix != ".safetensors"), None)  # .safetensors lack data
    return None if first is None else (load(first)["config"], first)


def _size(config: DictConfig, trained: tuple[dict[str, Any], Path] | None) -> CropSize:
    """Pixels of the crops: as typed, else of the first checkpoint's validation, else 256."""
    if config.image_size is not None:
        return config.image_size if isinstance(config.image_size, int) else sides(config.image_size)
    if trained is None:
        return 256
    data = trained[0].get("data")
    size = (data.get("val_size") if isinstance(data, dict) else None) or trained[0].get("image_size")
    typed = list(size) if isinstance(size, list | tuple) else [size, size]
    if len(typed) != 2 or any(type(side) is not int or not 16 <= side <= _LARGEST for side in typed):
        raise ConfigError(f"{trained[1]}: its config names no image_size that could be; type image_size=256")
    return size if isinstance(size, int) else sides([int(side) for side in typed if side is not None])


def _metrics(
    config: DictConfig, trained: tuple[dict[str, Any], Path] | None
) -> tuple[dict[str, PictureMetric], dict[str, Any]]:
    """Name -> metric, and name -> config: the typed metrics, or else the training's and the default ones."""
    nodes: dict[str, Any] = OmegaConf.to_container(config.metric, resolve=True) if config.metric else {}  # type: ignore[assignment]  # a mapping, by the schema
    found: dict[str, PictureMetric] = {}
    if trained is not None and not metrics_were_typed():
        of_training = measures_of(trained[0])
        found, refused = metrics_of(of_training, trained[1])
        for line in refused:
            _log.warning("%s", line)
        nodes = {name: of_training.metrics.get(name, nodes.get(name)) for name in [*found, *nodes]}
    for name in nodes:
        if name not in found:
            found[name] = instantiate(config.metric[name], _convert_="all")
    return found, nodes


def _measures(
    config: DictConfig, trained: tuple[dict[str, Any], Path] | None, size: CropSize, nodes: dict[str, Any],
    device: torch.device,
) -> Measures:  # fmt: skip
    """How scores are measured: typed options, and for the others those of the first checkpoint's training."""
    first = measures_of({} if trained is None else trained[0])
    precision = first.precision if config.precision is None else config.precision.name
    if precision == Precision.fp16.name and device.type == "cpu" and config.precision is None:
        precision = Precision.fp32.name  # the training's precision was for a GPU
    return Measures(
        pairs=first.pairs if config.pairs is None else config.pairs,
        style_crops=first.style_crops if config.style_crops is None else config.style_crops,
        seed=first.seed if config.seed is None else config.seed,
        size=size, precision=precision, metrics=nodes,
    )  # fmt: skip


def _unlike_training(config: DictConfig, here: Measures, found: Sequence[Entrant]) -> list[str]:
    """Reasons why a score differs from the one at the end of training; empty if it is measured in the same way."""
    lines = []
    for entrant in found:
        if (trained := _training_config([entrant])) is None:
            continue
        there = measures_of(trained[0])
        reasons = differences(there, here)
        reasons = ["other photographs and paintings (data=)", *reasons] if config.data is not None else reasons
        reasons = [f"split={config.split}, in its training val", *reasons] if config.split != "val" else reasons
        if reasons:
            name = f"{entrant.name}: " if len(found) > 1 else ""
            lines.append(f"{name}not measured as at the end of its training: {'; '.join(reasons)}")
    return lines


def _sets(config: DictConfig, trained: tuple[dict[str, Any], Path] | None) -> tuple[ImageFolder, ImageFolder, Pairing]:
    if config.data is None:
        if trained is None:
            raise ConfigError(
                "nothing of these tells which sets it was trained on; type data=folders data.content.root=PHOTOS "
                "data.style.root=PAINTINGS"
            )
        typed = config.data_root if config.data_root != "data" else None  # "data" is the default of evaluate.yaml
        return sets_of(*trained, typed)
    content, style, pairing = (
        instantiate(config.data[part], _convert_="all") for part in ("content", "style", "pairing")
    )
    for name, folder in (("content", content), ("style", style)):
        if folder.source is not None and folder.can_be_fetched() and not Path(folder.root).is_dir():
            make_ready(folder, name=f"data.{name}", size=16, limit=1.0, download=config.data.download)
    return content, style, pairing


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
