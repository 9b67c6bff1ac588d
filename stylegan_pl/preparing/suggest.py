"""The end of `prepare check=true`: the width of strokes, and a `train` command for these folders."""

import dataclasses
import math
import shlex
import time
from collections.abc import Sequence

import numpy as np
import torch
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.contracts import StylePair
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.pictures.crop_size import as_typed, sides
from stylegan_pl.pictures.duration import duration
from stylegan_pl.preparing.doctor.survey import SIDES, Picture
from stylegan_pl.preparing.stroke_width import stroke_width_of
from stylegan_pl.runs.device import device_kind
from stylegan_pl.training.build import build_model

_BESIDE = 1.3  # time of a whole step relative to the generators' forward and backward
_TIMED_SIDE = 64  # pixels of the crop that is timed on a CPU
_FINE = 3.0  # pixels: a narrower stroke is one or two pixels of a feature map at half the resolution


def last_words(
    config: DictConfig, folders: dict[str, ImageFolder], pictures: Sequence[Picture], *, paired: bool
) -> list[str]:
    """Three lines: stroke widths, the command, its duration; empty if no picture can be used."""
    shorter = {
        side: [min(p.facts.size) for p in pictures if p.side == side and p.facts.problem is None] for side in SIDES
    }
    if not all(shorter.values()):
        return []
    on_cpu = device_kind("auto") == "cpu"
    recipe, crop = _recipe(paired=paired, on_cpu=on_cpu), _crop(config, shorter, paired=paired, on_cpu=on_cpu)
    shrunk = {side: _load_size(folders[side], shorter[side], crop) for side in SIDES}
    sizes = [f"image_size={as_typed(*crop)}"]
    sizes += [f"data.{side}.load_size={size}" for side, size in shrunk.items() if size is not None]
    roots = [f"data={_data_option(paired=paired)}", *(f"data.{side}.root={folders[side].root}" for side in SIDES)]
    words = [*recipe, *roots, *sizes]
    seconds = _seconds(words, crop, on_cpu=on_cpu)
    return [
        _strokes(folders, shrunk),
        f"to train on these: python -m stylegan_pl.train {shlex.join(words)}",
        f"roughly {duration(seconds)} on this machine{' (a CPU)' if on_cpu else ''}, plus validations",
    ]


def _recipe(*, paired: bool, on_cpu: bool) -> list[str]:
    """Method and budget: pix2pix for pairs; otherwise CUT, which needs few paintings, or on a CPU a small recipe."""
    if paired:
        return ["model=pix2pix", "generator@model.generator=resnet9", f"max_images={10000 if on_cpu else 200000}"]
    if on_cpu:
        return ["+experiment=sample"]
    return ["model=cut", "upsample@model.generator.upsample=bilinear", "max_images=200000"]


def _crop(
    config: DictConfig, shorter: dict[str, list[int]], *, paired: bool, on_cpu: bool
) -> tuple[int, int]:  # fmt: skip
    """Crop size: as typed, but at most what 19 of 20 pictures have and a CPU learns in minutes; multiples of 4."""
    usable = min(float(np.quantile(found, 0.05)) for found in shorter.values())
    usable = min(usable, 96) if on_cpu and not paired else min(usable, 128) if on_cpu else usable
    height, width = (max(16, int(min(side, usable)) // 4 * 4) for side in sides(config.image_size))
    return height, width


def _load_size(folder: ImageFolder, shorter: list[int], crop: tuple[int, int]) -> int | None:
    """Twice the crop if pictures are larger, so that a crop shows half of a picture's side; None: no resizing."""
    if folder.middle_size is not None:
        return max(folder.middle_size, *crop)
    return 2 * max(crop) if np.median(shorter) > 2 * max(crop) else None


def _strokes(folders: dict[str, ImageFolder], shrunk: dict[str, int | None]) -> str:
    def width(side: str) -> float:
        folder = dataclasses.replace(folders[side], load_size=shrunk[side])
        return stroke_width_of(folder, folder.files("train"))

    content, style = (width(side) for side in SIDES)
    line = f"strokes at these sizes: about {style:.0f} px wide in the paintings; photographs' detail {content:.0f} px"
    if style < _FINE:
        line += "; such fine strokes are hardly learned: type a larger data.style.load_size"
    return f"{line} (measured by scale selection)"


def _data_option(*, paired: bool) -> str:
    """The `data=` option that was typed; without Hydra, the equivalent one."""
    usual = "paired" if paired else "folders"
    return str(HydraConfig.get().runtime.choices.get("data", usual)) if HydraConfig.initialized() else usual


def _composed(words: Sequence[str]) -> DictConfig:
    overrides = for_hydra(words, "train")
    if GlobalHydra.instance().is_initialized():
        return compose("train", overrides=overrides)
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose("train", overrides=overrides)


def _seconds(words: Sequence[str], crop: tuple[int, int], *, on_cpu: bool) -> float:
    """Seconds of the training, from one timed step: of a small crop on a CPU, of the whole crop on a GPU."""
    config = _composed([*words, "run_dir=."])
    device = torch.device("cpu" if on_cpu else device_kind("auto"))
    model = build_model(config).to(device)
    height, width = (min(side, _TIMED_SIDE) for side in crop) if on_cpu else crop
    picture = torch.rand(1, 3, height, width, device=device) * 2 - 1
    seconds = math.inf
    for _ in range(2):  # the first step also chooses kernels
        started = time.perf_counter()
        made = model.generate(StylePair(picture, picture.flip(-1)))
        torch.stack([value.mean() for value in vars(made).values() if isinstance(value, torch.Tensor)]).sum().backward()
        if device.type == "cuda":
            torch.cuda.synchronize()
        seconds = min(seconds, time.perf_counter() - started)
    return _BESIDE * seconds * config.max_images * crop[0] * crop[1] / (height * width)
