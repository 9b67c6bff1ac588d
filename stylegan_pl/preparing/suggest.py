"""The end of `prepare check=true`: the width of strokes, and a `train` command for these folders."""

import dataclasses
import json
import math
import shlex
import time
from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.direction import turn
from stylegan_pl.contracts import StylePair
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.pictures.crop_size import as_typed, sides
from stylegan_pl.pictures.duration import duration
from stylegan_pl.preparing.doctor.survey import SIDES, Picture
from stylegan_pl.preparing.stroke_width import stroke_width_of
from stylegan_pl.runs.device import device_kind
from stylegan_pl.training.build import build_model

_BESIDE = 1.3  # time of a whole step relative to the generators' forward and backward; my_painter's 1.4, in bfloat16
_TIMED_SIDE = 64  # pixels of the crop that is timed on a CPU
_FINE = 3.0  # pixels: a narrower stroke is one or two pixels of a feature map at half the resolution


def last_words(
    config: DictConfig,
    folders: dict[str, ImageFolder],
    pictures: Sequence[Picture],
    *,
    paired: bool,
    turned: bool,
    refused: bool,
) -> list[str]:
    """Three lines: stroke widths, the command, its duration; empty if no picture can be used.

    Args:
        refused: these sets have to be mended before a run takes them.
        turned: `direction=BtoA` was typed, and content and style of `config` have changed places.
    """
    shorter = {
        side: [min(p.facts.size) for p in pictures if p.side == side and p.facts.problem is None] for side in SIDES
    }
    if not all(shorter.values()):
        return []
    words = _for_pairs(config, folders, shorter, turned) if paired else _for_a_painter(config, turned)
    trained = _composed([*words, "run_dir=."])
    turn(trained)
    seconds, on_cpu = _seconds(trained), device_kind("auto") == "cpu"
    return [
        _strokes(folders, trained),
        f"to train on these{', once mended' if refused else ''}: python -m stylegan_pl.train {shlex.join(words)}",
        f"roughly {duration(seconds)} on this machine{' (a CPU)' if on_cpu else ''}, plus validations",
    ]


def _for_a_painter(config: DictConfig, turned: bool) -> list[str]:
    """`my_painter`, which has sizes of its own; what was typed about the sets is kept."""
    option = _data_option(usual="folders")
    words = ["+experiment=my_painter", *([] if option == "folders" else [f"data={option}"])]
    return words + _typed(config, option, turned, without="beside" if option == "folders" else "")  # it has no `beside`


def _for_pairs(
    config: DictConfig, folders: dict[str, ImageFolder], shorter: dict[str, list[int]], turned: bool
) -> list[str]:
    """pix2pix at the size that was typed, but at most what 19 of 20 pictures have, and what a CPU learns in minutes."""
    on_cpu = device_kind("auto") == "cpu"
    usable = min(float(np.quantile(found, 0.05)) for found in shorter.values())
    usable = min(usable, 128) if on_cpu else usable
    height, width = (max(16, int(min(side, usable)) // 4 * 4) for side in sides(config.image_size))
    option = _data_option(usual="paired")
    words = ["model=pix2pix", "generator@model.generator=resnet9", f"max_images={10000 if on_cpu else 200000}"]
    words += [f"data={option}", f"image_size={as_typed(height, width)}"]
    words += _typed(config, option, turned, without="load_size")
    size = _load_size(folders["content"], shorter, (height, width))
    return words + ([] if size is None else [f"data.{side}.load_size={_value(size)}" for side in SIDES])


def _typed(config: DictConfig, option: str, turned: bool, *, without: str) -> list[str]:
    """Both folders, and all else in which the sets differ from those of `data=OPTION`, under the names to type."""
    usual = _composed([f"data={option}", f"data_root={config.data_root}", "run_dir=."]).data
    found = dict(zip(SIDES, (config.data[side] for side in (reversed(SIDES) if turned else SIDES)), strict=True))
    words = [f"data.{side}.root={found[side].root}" for side in SIDES]
    for side in SIDES:
        before, now = (
            cast(dict[str, Any], OmegaConf.to_container(node, resolve=True)) for node in (usual[side], found[side])
        )
        words += [
            f"data.{side}.{key}={_value(now.get(key))}"
            for key in before
            if key not in ("root", "source", without) and now.get(key) != before[key]
        ]
    for key in ("bad_fraction", "pairing._target_"):
        value = OmegaConf.select(config.data, key)
        words += [f"data.{key}={value}"] if value != OmegaConf.select(usual, key) else []
    return words + (["direction=BtoA"] if turned else [])


def _value(value: object) -> str:
    """A value as it is typed."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _load_size(folder: ImageFolder, shorter: dict[str, list[int]], crop: tuple[int, int]) -> int | Sequence[int] | None:
    """One size for both pictures of a pair: the typed one, or twice the crop if pictures are larger than that.

    At twice the crop, a crop shows half of a picture's side. None: no resizing.
    """
    if folder.least_size is not None and folder.middle_size is not None:
        return folder.load_size if folder.least_size >= max(crop) else max(folder.middle_size, *crop)
    return 2 * max(crop) if min(np.median(found) for found in shorter.values()) > 2 * max(crop) else None


def _strokes(folders: dict[str, ImageFolder], trained: DictConfig) -> str:
    """Widths at the sizes of that training; of a range, at its middle."""

    def width(side: str) -> float:
        folder = dataclasses.replace(folders[side], load_size=trained.data[side].load_size)
        return stroke_width_of(folder, folder.files("train"))

    content, style = (width(side) for side in SIDES)
    line = f"strokes at these sizes: about {style:.0f} px wide in the paintings; photographs' detail {content:.0f} px"
    if style < _FINE:
        line += "; such fine strokes are hardly learned: type a larger data.style.load_size"
    return f"{line} (measured by scale selection)"


def _data_option(*, usual: str) -> str:
    """The `data=` option that was typed; without Hydra, the equivalent one."""
    return str(HydraConfig.get().runtime.choices.get("data", usual)) if HydraConfig.initialized() else usual


def _composed(words: Sequence[str]) -> DictConfig:
    overrides = for_hydra(words, "train")
    if GlobalHydra.instance().is_initialized():
        return compose("train", overrides=overrides)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", overrides=overrides)


def _seconds(config: DictConfig) -> float:
    """Seconds of the training, from one timed step: of a small crop on a CPU, of the whole crop on a GPU."""
    device = torch.device(device_kind("auto"))
    crop = sides(config.image_size)
    model = build_model(config).to(device)
    height, width = (min(side, _TIMED_SIDE) for side in crop) if device.type == "cpu" else crop
    picture = torch.rand(1, 3, height, width, device=device) * 2 - 1
    seconds = math.inf
    for _ in range(2):  # the first step also chooses kernels
        started = time.perf_counter()
        made = model.generate(StylePair(picture, picture.flip(-1)))
        torch.stack([value.mean() for value in vars(made).values() if isinstance(value, torch.Tensor)]).sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds = min(seconds, time.perf_counter() - started)
    whole = _BESIDE * seconds * config.max_images * crop[0] * crop[1] / (height * width)
    return whole if config.max_minutes is None else min(whole, config.max_minutes * 60)
