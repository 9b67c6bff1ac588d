"""`python -m stylegan_pl.stylize`: turn photographs into paintings with a trained generator."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING, DictConfig, OmegaConf

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.option_types import FilmConfig, Texts
from stylegan_pl.config.painter_choice import check_has_ckpt, choose_painter, has_ckpt
from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.precision import Precision
from stylegan_pl.stylizing.pipes import is_piped, paint_piped


@dataclass
class StylizeConfig:
    """The options of `stylize`."""

    ckpt: Texts = MISSING  # a path; for a sheet, or a list of them
    painter: Texts = None  # instead of ckpt: a name, all, or a list of names
    onnx: Texts = None  # instead of ckpt; typed as model=
    input: Texts = MISSING  # a file, a folder, a pattern, or a list of them
    output: str = MISSING
    device: str = MISSING
    precision: Precision = MISSING
    batch_size: int = MISSING
    overwrite: bool = MISSING
    resume: bool = MISSING
    image_format: str | None = MISSING
    first_frame: bool = MISSING
    quality: int = MISSING
    style: Texts = None  # one file or a list of them
    style_weights: list[float] | None = None
    strength: float | None = None
    stroke: float = MISSING
    stroke_at: int | None = MISSING
    style_size: int = MISSING
    keep_colour: Any = False  # a bool or a name
    mask: str | None = None
    sheet: bool = MISSING
    sheet_size: int = MISSING
    tile: Any = "auto"  # pixels, auto or null
    tile_exact: bool = MISSING
    memory_gb: float | None = None
    max_megapixels: float = MISSING
    film: FilmConfig = field(default_factory=FilmConfig)
    trust: list[str] = field(default_factory=list)
    run_dir: str = MISSING


def stylize(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    choose_painter(config, several=True)
    if config.onnx is None:
        check_has_ckpt(config)
    elif has_ckpt(config):
        raise ConfigError("ckpt= (or painter=) and model= name two generators; type one of the two")
    if config.sheet:
        from stylegan_pl.stylizing.sheet import paint_sheet

        return paint_sheet(config)
    _check_one_generator(config)
    paint = _painting(config)
    return paint_piped(config, paint) if is_piped(config) else paint(config)


def _painting(config: DictConfig) -> Callable[..., int]:
    """The function that paints with the typed generator: an exported file, or a checkpoint."""
    if config.onnx is not None:
        from stylegan_pl.stylizing.onnx import paint_onnx  # never imports torch

        return paint_onnx
    from stylegan_pl.stylizing.pictures import paint  # imported after the checks: torch takes seconds

    return paint


def _check_one_generator(config: DictConfig) -> None:
    for key, typed in (("ckpt", "ckpt"), ("onnx", "model")):
        if not OmegaConf.is_missing(config, key) and OmegaConf.is_list(config[key]):
            typed = typed if config.painter is None else "painter"
            raise ConfigError(
                f"{typed}=[…]: several generators paint a sheet to choose by; type sheet=true, or one of them"
            )


def main() -> None:
    """The verb."""
    run_verb("stylize")


if __name__ == "__main__":
    main()
