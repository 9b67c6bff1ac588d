"""The file formats: how each is written, and how a written file is run to compare it."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import torch
from omegaconf import DictConfig
from torch import nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.exporting.facts import Facts
from stylegan_pl.exporting.parity import Pictures, Runner, pixels, planes
from stylegan_pl.inference.any_size import pad_to_stride, stride_of
from stylegan_pl.pictures.read import READABLE
from stylegan_pl.pictures.tree import files_below
from stylegan_pl.runs.checkpoint import load_generator


class Kind(NamedTuple):
    """A file format."""

    write: Callable[[DictConfig, nn.Module, Path, Facts], None]
    runner: Callable[[DictConfig, nn.Module, Path], Runner]  # of the generator it uses only stride and role


def _write_onnx(config: DictConfig, generator: nn.Module, path: Path, facts: Facts) -> None:
    try:
        from stylegan_pl.exporting.onnx_file import in_half, to_onnx, write_onnx
        from stylegan_pl.exporting.quantise import quantised
        from stylegan_pl.exporting.row_norms import with_row_norms
    except ImportError as error:
        raise ConfigError(f"format=onnx is an extra ({error}); type: pip install 'stylegan-pl[onnx]'") from error
    photographs = _calibration(config, generator) if config.int8 else []
    model = to_onnx(generator, preprocessing=config.preprocessing, opset=config.opset)
    model = in_half(model) if config.half else with_row_norms(model)
    if config.int8:
        model = quantised(model, photographs)
    write_onnx(model, path, facts)


def _calibration(config: DictConfig, generator: nn.Module) -> list[Path]:
    if getattr(generator, "takes_style", False):
        raise ConfigError(
            "int8=true is for generators that have learned their style, and this one takes any; type half=true"
        )
    folder = Path(config.calibration)
    found = [path for path in files_below(folder) if path.suffix.lower() in READABLE]
    if not found:
        raise ConfigError(f"calibration={folder}: no images in this folder; 20 or more photographs will do")
    step = max(1, len(found) // config.calibration_images)  # evenly over the folder: neighbours look alike
    return found[::step][: config.calibration_images]


def _run_onnx(config: DictConfig, generator: nn.Module, path: Path) -> Runner:
    from stylegan_pl.inference.onnx.painter import OnnxPainter

    takes_style = bool(getattr(generator, "takes_style", False))

    def paint(image: Pictures, style: Pictures) -> Pictures:
        given = style if takes_style else None
        return OnnxPainter(path, style=given, stroke_at=None, device="cpu")(image)  # the graph alone

    return paint


def _write_safetensors(config: DictConfig, generator: nn.Module, path: Path, facts: Facts) -> None:
    from stylegan_pl.exporting.safetensors_file import write_safetensors

    write_safetensors(generator, path, facts, half=config.half)


def _run_safetensors(config: DictConfig, generator: nn.Module, path: Path) -> Runner:
    return _network(load_generator(path, trusted=config.trust), generator, strength=False)


def _write_torch_export(config: DictConfig, generator: nn.Module, path: Path, facts: Facts) -> None:
    from stylegan_pl.exporting.torch_files import write_torch_export

    write_torch_export(generator, path, facts)


def _run_torch_export(config: DictConfig, generator: nn.Module, path: Path) -> Runner:
    from stylegan_pl.exporting.torch_files import load_torch_export

    return _network(load_torch_export(path), generator)


def _write_torchscript(config: DictConfig, generator: nn.Module, path: Path, facts: Facts) -> None:
    from stylegan_pl.exporting.torch_files import write_torchscript

    write_torchscript(generator, path, facts)


def _run_torchscript(config: DictConfig, generator: nn.Module, path: Path) -> Runner:
    from stylegan_pl.exporting.torch_files import load_torchscript

    return _network(load_torchscript(path), generator)


def _network(loaded: nn.Module, generator: nn.Module, *, strength: bool = True) -> Runner:
    """A function over uint8 pixels of any size, from a network over planes in [-1, 1]."""
    takes_style = bool(getattr(generator, "takes_style", False))

    @torch.no_grad()
    def run(image: Pictures, style: Pictures) -> Pictures:
        height, width = image.shape[1:3]
        given = (planes(style), *([torch.tensor(1.0)] if strength else [])) if takes_style else ()
        painted = loaded(pad_to_stride(planes(image), stride_of(generator)), *given)
        return pixels(painted[..., :height, :width])

    return run


KINDS = {
    "onnx": Kind(_write_onnx, _run_onnx),
    "safetensors": Kind(_write_safetensors, _run_safetensors),
    "torch_export": Kind(_write_torch_export, _run_torch_export),
    "torchscript": Kind(_write_torchscript, _run_torchscript),
}
