"""`python -m stylegan_pl.stylize`: turn photographs into paintings with a trained generator."""

from collections.abc import Callable

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.painter_choice import check_has_ckpt, choose_painter, has_ckpt
from stylegan_pl.errors import ConfigError
from stylegan_pl.stylizing.pipes import is_piped, paint_piped


def stylize(config: DictConfig) -> int:
    """Run with the composed config; returns the exit code."""
    choose_painter(config, several=True)
    if config.onnx is None:
        check_has_ckpt(config)
    if config.sheet:
        from stylegan_pl.stylizing.sheet import paint_sheet

        return paint_sheet(config)
    _check_one_generator(config)
    paint = _painting(config)
    return paint_piped(config, paint) if is_piped(config) else paint(config)


def _painting(config: DictConfig) -> Callable[..., int]:
    """The function that paints with the typed generator: an exported file, or a checkpoint."""
    if config.onnx is not None:
        if has_ckpt(config):
            raise ConfigError("ckpt= (or painter=) and model= name two generators; type one of the two")
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
