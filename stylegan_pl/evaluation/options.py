"""Options of evaluate: as typed, or else as in the training of the first checkpoint."""

import logging
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
from stylegan_pl.evaluation.entrants import Entrant
from stylegan_pl.evaluation.training_data import sets_of
from stylegan_pl.metrics.kinds import PictureMetric
from stylegan_pl.pictures.crop_size import CropSize, sides
from stylegan_pl.runs.checkpoint import load
from stylegan_pl.runs.device import has_bf16
from stylegan_pl.runs.precision import Precision

_log = logging.getLogger(__name__)

_LARGEST = 8192  # pixels: largest crop that a checkpoint's config may ask for

Training = tuple[dict[str, Any], Path]
"""The config of a checkpoint's training, and the checkpoint's file."""


def training_config(found: Sequence[Entrant]) -> Training | None:
    """The config of the first checkpoint, and its file; options that were not typed come from it."""
    trainings = (entrant.checkpoint for entrant in found if entrant.checkpoint is not None)
    first = next((path for path in trainings if path.suffix != ".safetensors"), None)  # .safetensors lack data
    return None if first is None else (load(first)["config"], first)


def crop_size(config: DictConfig, trained: Training | None) -> CropSize:
    """Pixels of the crops: as typed, else of the first checkpoint's validation, else 256.

    Raises:
        ConfigError: the checkpoint's config has no possible size.
    """
    if config.image_size is not None:
        return config.image_size if isinstance(config.image_size, int) else sides(config.image_size)
    if trained is None:
        return 256
    data = trained[0].get("data")
    size = (data.get("val_size") if isinstance(data, dict) else None) or trained[0].get("image_size")
    typed = list(size) if isinstance(size, list | tuple) else [size, size]
    if len(typed) != 2 or any(type(side) is not int or not 16 <= side <= _LARGEST for side in typed):
        raise ConfigError(f"{trained[1]}: its config has no usable image_size; type image_size=256")
    return size if isinstance(size, int) else sides([int(side) for side in typed if side is not None])


def chosen_metrics(config: DictConfig, trained: Training | None) -> tuple[dict[str, PictureMetric], dict[str, Any]]:
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


def chosen_measures(
    config: DictConfig, trained: Training | None, size: CropSize, nodes: dict[str, Any],
    device: torch.device,
) -> Measures:  # fmt: skip
    """How scores are measured: typed options, and for the others those of the first checkpoint's training."""
    first = measures_of({} if trained is None else trained[0])
    precision = first.precision if config.precision is None else config.precision.name
    elsewhere = precision == Precision.fp16.name or (precision == Precision.bf16.name and not has_bf16("cpu"))
    if elsewhere and device.type == "cpu" and config.precision is None:
        precision = Precision.fp32.name  # the training's precision was for a GPU, or for another processor
    return Measures(
        pairs=first.pairs if config.pairs is None else config.pairs,
        style_crops=first.style_crops if config.style_crops is None else config.style_crops,
        seed=first.seed if config.seed is None else config.seed,
        size=size, precision=precision, metrics=nodes,
    )  # fmt: skip


def unlike_training(config: DictConfig, here: Measures, found: Sequence[Entrant]) -> list[str]:
    """Reasons why a score differs from the one at the end of training; empty if it is measured in the same way."""
    lines = []
    for entrant in found:
        if (trained := training_config([entrant])) is None:
            continue
        there = measures_of(trained[0])
        reasons = differences(there, here)
        reasons = ["other photographs and paintings (data=)", *reasons] if config.data is not None else reasons
        reasons = [f"split={config.split}, in its training val", *reasons] if config.split != "val" else reasons
        if reasons:
            name = f"{entrant.name}: " if len(found) > 1 else ""
            lines.append(f"{name}not measured as at the end of its training: {'; '.join(reasons)}")
    return lines


def chosen_sets(config: DictConfig, trained: Training | None) -> tuple[ImageFolder, ImageFolder, Pairing]:
    """Photographs, paintings and how they are paired: those of data=, or else of the first checkpoint's training.

    Raises:
        ConfigError: neither is known.
    """
    if config.data is None:
        if trained is None:
            raise ConfigError(
                "none of the systems is a checkpoint that knows its training data; type data=folders "
                "data.content.root=PHOTOS data.style.root=PAINTINGS"
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
