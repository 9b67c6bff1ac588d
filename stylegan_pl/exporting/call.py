"""One call of `export`: writes the file, compares it with the generator, writes its model card."""

import logging
import time
from importlib.metadata import version
from pathlib import Path

import torch
from omegaconf import DictConfig
from torch import nn

from stylegan_pl.errors import ConfigError, DataError, UserError, of_the_disk
from stylegan_pl.exporting.card import card
from stylegan_pl.exporting.check import FORMATS, card_path, check_is_free
from stylegan_pl.exporting.facts import Facts, facts_of
from stylegan_pl.exporting.kinds import KINDS
from stylegan_pl.exporting.parity import Agreement, agreements
from stylegan_pl.inference.any_size import has_strokes, stride_of
from stylegan_pl.pictures.whole_file import written_whole
from stylegan_pl.runs.checkpoint import load_generator, resolve
from stylegan_pl.runs.device import is_out_of_memory
from stylegan_pl.runs.file_format import FORMAT_VERSION, VERSION_KEY
from stylegan_pl.runs.output_lock import alone_writing

_log = logging.getLogger(__name__)

CLOSE = 2.0  # largest difference in float32, in steps of 1/255, from rounding and from another order of sums


def export_file(config: DictConfig) -> int:
    """Export by a composed `ExportConfig`; returns the exit code.

    Raises:
        ConfigError: the file does not paint what the generator paints, and is deleted; another command writes it.
        DataError: the disk is full, or another error of the system.
        UserError: memory ran out.
    """
    output = Path(config.output)
    with alone_writing(output, is_folder=False):
        check_is_free(output, overwrite=config.overwrite)  # again: torch took seconds to import
        checkpoint = resolve(config.ckpt)
        try:
            return _export(config, checkpoint, output)
        except (OSError, RuntimeError, MemoryError) as error:  # torch wraps the system's error
            if is_out_of_memory(error):
                raise UserError(f"ckpt={config.ckpt}: memory ran out; type parity_sizes=[[64,64]]") from error
            if (reason := of_the_disk(error)) is None:
                raise
            raise DataError(f"output={output}: cannot be written ({reason}); choose another output=") from error


def _export(config: DictConfig, checkpoint: Path, output: Path) -> int:
    generator = load_generator(checkpoint, trusted=config.trust)
    facts = {**facts_of(checkpoint), **_given_facts(config, generator)}
    kind = KINDS[config.format]
    with written_whole(output) as partial:
        kind.write(config, generator, partial, facts)
        runner = kind.runner(config, generator, partial)
        found = agreements(generator, runner, [(height, width) for height, width in config.parity_sizes])
        _check(found, config)
        size = partial.stat().st_size
    facts["file"]["size"] = f"{size / 1e6:.2f} MB"
    with written_whole(card_path(output)) as partial:
        partial.write_text(card(output.name, facts, found, _use(config, output)), encoding="utf-8")
    _say(found)
    _log.info("%s, %s; its card: %s", output, facts["file"]["size"], card_path(output))
    return 0


def _given_facts(config: DictConfig, generator: nn.Module) -> Facts:
    """The facts of the generator, and of this export."""
    takes_style = bool(getattr(generator, "takes_style", False))
    given = {key: config[key] for key in ("about", "command", "licence") if config[key] is not None}
    return {
        **given,
        VERSION_KEY: FORMAT_VERSION,
        "graph": {
            "stride": stride_of(generator),
            "takes_style": takes_style,
            "has_strokes": has_strokes(generator),
            "preprocessing": config.preprocessing and FORMATS[config.format].preprocessing,
        },
        "file": {
            "format": config.format,
            "numbers": "float16" if config.half else "int8" if config.int8 else "float32",
            "parameters": sum(p.numel() for p in generator.parameters()),
            "takes": _interface(config, generator, takes_style),
            "opset": config.opset if config.format == "onnx" else None,
            "made": time.strftime("%Y-%m-%d"),
            "by": f"stylegan_pl {version('stylegan-pl')}, torch {torch.__version__}",
        },
    }


def _interface(config: DictConfig, generator: nn.Module, takes_style: bool) -> str:
    if config.format == "safetensors":
        return "weights and config, for ckpt="
    if config.preprocessing and FORMATS[config.format].preprocessing:
        image, style = "image, uint8 RGB (batch, height, width, 3) of any size", "style, uint8 (1, height, width, 3)"
    else:
        side = stride_of(generator)
        image = (
            f"image, float32 RGB (batch, 3, height, width), pixel / 127.5 − 1, sides multiples of {side}, at least 16"
        )
        style = "style, float32 (1, 3, height, width), likewise"
    return f"{image}; {style}; strength, float32 scalar in [0, 1]" if takes_style else image


def _check(found: list[Agreement], config: DictConfig) -> None:
    """Raise if a float32 file differs from the generator; half precision and int8 differ, and only report how much."""
    worst = max(found, key=lambda agreement: agreement.largest, default=None)
    if worst is not None and worst.largest > CLOSE and not config.half and not config.int8:
        raise ConfigError(
            f"output={config.output}: differs from the generator by {worst.largest:.0f}/255 at {worst.height}×"
            f"{worst.width}; not written. Try another format= or opset="
        )


def _say(found: list[Agreement]) -> None:
    for a in found:
        _log.info("%d×%d: largest difference %.2f/255, mean %.4f/255", a.height, a.width, a.largest, a.mean)


def _use(config: DictConfig, output: Path) -> str:
    ours = {"onnx": "model", "safetensors": "ckpt"}
    if key := ours.get(config.format):
        return f"Run it by `python -m stylegan_pl.stylize {key}={output.name} input=photo.jpg output=painting.png`."
    loader = "torch.export.load(path).module()" if config.format == "torch_export" else "torch.jit.load(path)"
    return f"Run it in PyTorch, without stylegan_pl: `{loader}`."
