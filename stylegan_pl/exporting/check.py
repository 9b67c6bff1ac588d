"""Checks `export`'s options before torch is imported."""

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from stylegan_pl.errors import ConfigError, nearest
from stylegan_pl.pictures.plan import check_folder_of

_OPSET = 18  # unless another is typed


@dataclass(frozen=True)
class Format:
    """What a file format supports."""

    suffix: str
    half: bool = False
    int8: bool = False
    preprocessing: bool = False  # whether the file can contain the preprocessing


FORMATS = {
    "onnx": Format(".onnx", half=True, int8=True, preprocessing=True),
    "safetensors": Format(".safetensors", half=True),
    "torch_export": Format(".pt2"),
    "torchscript": Format(".pt"),
}


def check(config: DictConfig) -> None:
    """Raise for the first wrong option; without a typed format, it follows from the file's extension.

    Raises:
        ConfigError: one line with what to type instead.
    """
    if config.format is None:
        config.format = _format_of(Path(config.output))
    if config.format not in FORMATS:
        raise ConfigError(f"format={config.format}{nearest(config.format, FORMATS)}")
    chosen, output = FORMATS[config.format], Path(config.output)
    if output.suffix.lower() != chosen.suffix:
        raise ConfigError(
            f"output={output}: format={config.format} is written as {chosen.suffix}; type "
            f"output={output.with_suffix(chosen.suffix)}"
        )
    for option in ("half", "int8"):
        if config[option] and not getattr(chosen, option):
            able = [name for name, kind in FORMATS.items() if getattr(kind, option)]
            raise ConfigError(f"{option}=true is for format={' or '.join(able)}, not {config.format}")
    if not chosen.preprocessing and not config.preprocessing:
        raise ConfigError(f"preprocessing=false is for format=onnx; {config.format} never has it: leave it out")
    if config.format != "onnx" and config.opset != _OPSET:
        raise ConfigError(f"opset={config.opset} is for format=onnx, not {config.format}; leave it out")
    if config.calibration is not None and not config.int8:
        raise ConfigError("calibration= is for int8=true; type int8=true, too, or leave it out")
    if config.half and config.int8:
        raise ConfigError("half=true and int8=true are two ways to make a file smaller; type one of the two")
    if config.int8 and config.calibration is None:
        raise ConfigError("int8=true looks at photographs to choose its ranges; type calibration=FOLDER, 20 or more")
    if config.int8 and not config.preprocessing:
        raise ConfigError("int8=true measures pictures inside the graph; type preprocessing=true")
    if config.int8 and not Path(config.calibration).is_dir():
        raise ConfigError(f"calibration={config.calibration}: no such folder; give one of 20 or more photographs")
    if config.int8 and config.calibration_images < 1:
        raise ConfigError(f"calibration_images={config.calibration_images}: type calibration_images=32")
    if not 18 <= config.opset <= 23:
        raise ConfigError(f"opset={config.opset}: type a number from 18 to 23; older ones torch no longer writes")
    for size in config.parity_sizes:
        if len(size) != 2 or min(size) < 1:
            raise ConfigError(
                f"parity_sizes: {list(size)} is no height and width; type parity_sizes=[[128,128],[250,333]]"
            )
    check_folder_of(output)
    check_is_free(output, overwrite=config.overwrite)


def check_is_free(output: Path, *, overwrite: bool) -> None:
    """Refuse to overwrite a file or its card, unless that is typed.

    Raises:
        ConfigError: one is there.
    """
    for path in (output, card_path(output)):
        if path.exists() and not overwrite:
            raise ConfigError(f"output={output}: {path} is there already; type overwrite=true or another output=")


def _format_of(output: Path) -> str:
    """The format of the file's extension."""
    for name, kind in FORMATS.items():
        if output.suffix.lower() == kind.suffix:
            return name
    endings = ", ".join(f"{kind.suffix} ({name})" for name, kind in FORMATS.items())
    raise ConfigError(f"output={output}: the ending says the format; type a file that ends in {endings}")


def card_path(output: Path) -> Path:
    """The path of a file's model card: the whole name and `.md`, so that two formats of one name have two cards."""
    return output.with_name(f"{output.name}.md")
