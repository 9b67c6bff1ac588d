"""Refuses parts that do not fit together, before anything is read or built."""

import inspect
import math
from typing import Any

from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from torch import nn

from stylegan_pl.config.static_signature import class_attribute
from stylegan_pl.errors import ConfigError, nearest
from stylegan_pl.losses.image_loss import ImageLosses
from stylegan_pl.nn.pretrained.shapes import shapes_only
from stylegan_pl.pictures.crop_size import as_typed, sides
from stylegan_pl.runs.checkpoint import load_teacher


def check_roles(config: DictConfig) -> None:
    """Check that the model fits its data, generator and discriminator; reads classes and builds nothing.

    Raises:
        ConfigError: one line with what to type instead.
    """
    model = config.model
    if "_target_" not in model:
        raise ConfigError(
            "model: that file is a part of the files of methods, not a method; type model=vanilla or model=cut"
        )
    name = _name(model)

    def says(role: str) -> bool:
        return bool(class_attribute(model._target_, role, False))

    if says("needs_pairs") and not get_object(config.data.pairing._target_).same_place:
        raise ConfigError(
            f"{name} learns from pairs of one scene, and these data are unpaired; type data=paired data_root=FOLDER, "
            "where content/a.jpg and style/a.png show the same, or data=sample_paired, or an unpaired model such as "
            "model=cyclegan"
        )
    if says("needs_pairs") and (mixing := [loss for loss, part in config.image_loss.items() if part.get("among")]):
        raise ConfigError(
            f"image_loss.{mixing[0]}.among puts other pictures in the place of photographs, and {name} learns from "
            f"pairs; type image_loss.{mixing[0]}.among=0"
        )
    takes_style = bool(getattr(get_object(model.generator._target_), "takes_style", False))
    if takes_style and not says("gives_style"):
        raise ConfigError(
            f"{_name(model.generator)} paints in the style of a second picture, and {name} gives it none; type "
            "model=adain, or generator@model.generator=resnet9"
        )
    strokes = "stylegan_pl.losses.strokes.StrokeRestorationLoss"
    if takes_style and (asked := [loss for loss, part in config.image_loss.items() if part._target_ == strokes]):
        raise ConfigError(
            f"image_loss.{asked[0]} lets the generator restore paintings, and {_name(model.generator)} would do it in "
            f"the style of others; leave {asked[0]} out of image_loss="
        )
    if says("gives_style") and not takes_style:
        raise ConfigError(
            f"{name} gives its generator a style, and {_name(model.generator)} takes none; type "
            "generator@model.generator=adain, or model=adain_scratch or vanilla"
        )
    needed = class_attribute(model._target_, "needs_image_loss", "")
    losses = model.image_losses or {}
    if needed and not any(loss._target_ == needed for loss in losses.values()):
        raise ConfigError(
            f"{name} needs {needed.rsplit('.', 1)[-1]}, and no image loss of this run is one; type "
            f"image_loss=[{needed.split('.')[-2]},…], or model=vanilla"
        )
    if "discriminator" in model:
        _check_inputs(model, says("conditions_discriminator"))


def check_monitor(config: DictConfig) -> None:
    """Check that the monitored score is among the scores that are computed.

    Raises:
        ConfigError: one line with what to type instead.
    """
    for name, callback in config.callbacks.items():
        monitor = callback.get("monitor") if OmegaConf.is_dict(callback) else None
        if monitor is None or callback.get("mode") is not None:
            continue
        scored = [f"val/{metric}" for metric in config.metric]
        if str(monitor).removesuffix("_gap_closed") not in scored:
            raise ConfigError(
                f"callbacks.{name}.monitor={monitor}: no metric of this run has that name{nearest(monitor, scored)}"
                f"{'' if scored else '; type metric=[kid]'}; if it is not a metric, also type which way is better: "
                f"callbacks.{name}.mode=min"
            )


def _check_inputs(model: DictConfig, conditional: bool) -> None:
    wanted, critic = (6 if conditional else 3), _name(model.discriminator)
    if conditional and "inputs" not in inspect.signature(get_object(model.discriminator._target_)).parameters:
        raise ConfigError(
            f"{_name(model)} shows its discriminator two pictures side by side, 6 channels, and {critic} takes 3; type "
            "discriminator@model.discriminator=patchgan70"
        )
    if model.discriminator.get("inputs", wanted) != wanted:
        raise ConfigError(
            f"model.discriminator.inputs={model.discriminator.inputs}: {_name(model)} shows its discriminator "
            f"{wanted} channels; type model.discriminator.inputs={wanted}"
        )


def check_fit(config: DictConfig) -> None:
    """Check sizes, encoders, penalties and teachers; networks are built without memory, a teacher is read.

    Call it after `check_config`. Classes from other packages are checked by their own constructors.

    Raises:
        ConfigError: one line with what to type instead.
        UserError: the teacher's file cannot be read.
    """
    model = config.model
    with shapes_only():
        generator, discriminator = (_ours(model.get(part)) for part in ("generator", "discriminator"))
        if "game" in model:
            instantiate(model.game, _convert_="all")
        if generator is not None and model.image_losses:
            ImageLosses(instantiate(model.image_losses, _convert_="all"), generator)
    _check_sizes(config, generator, discriminator)
    if isinstance(model.get("teacher"), str):  # otherwise it is a part to be built, and is checked then
        _check_teacher(config)


def _check_sizes(config: DictConfig, generator: nn.Module | None, discriminator: nn.Module | None) -> None:
    model = config.model
    stride = int(getattr(generator, "stride", 1))
    height, width = sides(config.image_size)
    typed = as_typed(height, width)
    smallest = -(-int(getattr(discriminator, "smallest", 1)) // stride) * stride  # a size that the generator accepts
    if height % stride != 0 or width % stride != 0:
        fitting = as_typed(*(max(smallest, round(side / stride) * stride) for side in (height, width)))
        raise ConfigError(
            f"image_size={typed}: {_name(model.generator)} needs sides that are multiples of {stride}; "
            f"type image_size={fitting}" + _shallower(model.generator, math.gcd(height, width))
        )
    judged = config.data.get("val_size")
    if judged is not None and any(side % stride != 0 for side in sides(judged)):
        fitting = as_typed(*(max(1, round(side / stride)) * stride for side in sides(judged)))
        raise ConfigError(
            f"data.val_size={as_typed(*sides(judged))}: {_name(model.generator)} needs sides that are multiples of "
            f"{stride}; type data.val_size={fitting}"
        )
    if min(height, width) < smallest:
        raise ConfigError(
            f"image_size={typed} is too small for {_name(model.discriminator)}; type "
            f"image_size={smallest} or more, or discriminator@model.discriminator=patchgan16"
        )


def _check_teacher(config: DictConfig) -> None:
    teacher = load_teacher(config.model.teacher)
    stride = int(getattr(teacher, "stride", 1))
    height, width = sides(config.image_size)
    if height % stride != 0 or width % stride != 0:
        fitting = as_typed(*(max(1, round(side / stride)) * stride for side in (height, width)))
        raise ConfigError(
            f"image_size={as_typed(height, width)}: the teacher, {type(teacher).__name__}, needs sides that are "
            f"multiples of {stride}; type image_size={fitting}"
        )


def _shallower(generator: DictConfig, image_size: int) -> str:
    """What else to type: a U-Net with fewer levels, or a generator that accepts almost any size."""
    levels = (image_size & -image_size).bit_length() - 1  # number of times the size can be halved
    if "levels" not in generator:
        return ""
    fewer = f", or model.generator.levels={levels}" if levels >= 3 else ""
    return f"{fewer}, or generator@model.generator=resnet9"


def _ours(node: Any) -> nn.Module | None:
    known = node is not None and str(node._target_).startswith("stylegan_pl.")
    return instantiate(node, _convert_="all") if known else None


def _name(node: DictConfig) -> str:
    return str(node._target_).rsplit(".", 1)[-1]
