"""Replacements for missing pictures, weights or a teacher in a smoke test, which only checks that a run starts."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf, open_dict

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.static_signature import class_attribute
from stylegan_pl.pictures.crop_size import sides

_log = logging.getLogger(__name__)

_DOWNLOAD = "stylegan_pl.data.sources.download.Archive"
_TEACHER = {"_target_": "stylegan_pl.generators.resnet.ResNetGenerator", "blocks": 1, "width": 8}


def put_stand_ins(config: DictConfig) -> None:
    """Replace missing parts of a composed `TrainConfig` in place, and report them; typed parts are kept."""
    lines = [*_pictures(config), *_teacher(config.model), *_levels(config)]
    for line in lines:
        _log.info("stand-in: %s", line)


def without_weights(config: DictConfig) -> AbstractContextManager[None]:
    """Within it, pretrained networks get random weights, unless a file of weights was typed."""
    paths = list(_values(OmegaConf.to_container(config), "weights_path"))
    if not paths or any(paths):
        return nullcontext()
    _log.info("stand-in: random weights in place of pretrained ones")
    from stylegan_pl.nn.pretrained.wanted import without_pretrained  # here: it imports torch

    return without_pretrained()


def _pictures(config: DictConfig) -> Iterator[str]:
    """Use the embedded sample for a missing set below data_root; a typed folder must exist."""
    paired = bool(getattr(get_object(config.data.pairing._target_), "same_place", False))
    missing = [side for side in ("content", "style") if _is_missing(config.data[side], str(config.data_root))]
    for side in ("content", "style") if paired and missing else missing:
        name = "sample_paired" if paired else "sample"
        dataset = OmegaConf.load(conf_dir() / "dataset" / f"{name}.yaml")
        assert isinstance(dataset, DictConfig)  # as in every YAML file of conf/
        node = dataset[side]
        node.load_size = config.data[side].get("load_size")
        yield f"data={name} in place of data.{side}.root={config.data[side].root}"
        with open_dict(config):
            config.data[side] = node


def _is_missing(node: DictConfig, data_root: str) -> bool:
    source = node.get("source")
    made_here = source is not None and source.get("_target_") != _DOWNLOAD
    return not made_here and Path(node.root).is_relative_to(data_root) and not Path(node.root).exists()


def _teacher(model: DictConfig) -> Iterator[str]:
    if class_attribute(str(model._target_), "needs_teacher", False) and model.get("teacher") is None:
        with open_dict(model):
            model.teacher = _TEACHER
        yield "a small generator of random weights in place of model.teacher"


def _levels(config: DictConfig) -> Iterator[str]:
    """Reduce a U-Net to as many levels as the crop can be halved."""
    generator, side = config.model.get("generator"), min(sides(config.image_size))
    most = (side & -side).bit_length() - 1
    if generator is not None and generator.get("levels", 0) > most:
        yield f"model.generator.levels={most} in place of {generator.levels}, for a crop of {side} pixels"
        generator.levels = most


def _values(node: Any, key: str) -> Iterator[Any]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            else:
                yield from _values(value, key)
