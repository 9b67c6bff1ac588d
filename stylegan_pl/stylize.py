"""`python -m stylegan_pl.stylize`: turn photographs into paintings with a trained generator."""

import logging
import sys
from collections.abc import Callable
from typing import NoReturn

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.box.choice import check_has_ckpt, choose_painter, has_ckpt
from stylegan_pl.errors import ConfigError, UserError, leave
from stylegan_pl.inference.pipes import is_piped, paint_piped
from stylegan_pl.plain_config import plain_config
from stylegan_pl.schema import StylizeConfig, check_ranges

PATHS = ("ckpt", "onnx", "input", "output", "style", "mask")


def stylize(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code."""
    choose_painter(config, several=True)
    if config.onnx is None:
        check_has_ckpt(config)
    if config.sheet:
        from stylegan_pl.paint_sheet import paint_sheet

        return paint_sheet(config)
    _check_one_generator(config)
    paint = _painting(config)
    return paint_piped(config, paint) if is_piped(config) else paint(config)


def _painting(config: DictConfig) -> Callable[[DictConfig], int]:
    """The function that paints with what is named: an exported file, or a checkpoint."""
    if config.onnx is not None:
        if has_ckpt(config):
            raise ConfigError("ckpt= (or painter=) and model= name two generators; type one of the two")
        from stylegan_pl.paint_onnx import paint_onnx  # torch is never imported

        return paint_onnx
    from stylegan_pl.paint import paint  # here, once the config has composed: torch takes seconds to import

    return paint


def _check_one_generator(config: DictConfig) -> None:
    for key, typed in (("ckpt", "ckpt"), ("onnx", "model")):
        if not OmegaConf.is_missing(config, key) and OmegaConf.is_list(config[key]):
            typed = typed if config.painter is None else "painter"
            raise ConfigError(
                f"{typed}=[…]: several generators paint a sheet to choose by; type sheet=true, or one of them"
            )


def _paints_by_onnxruntime(config: DictConfig) -> bool:
    named = not any(OmegaConf.is_missing(config, key) for key in ("input", "output"))
    return named and config.onnx is not None and not config.sheet


def _without_hydra(config: DictConfig) -> NoReturn:
    """As `cli.run_verb`: a small picture is painted by onnxruntime before Hydra would have composed its config."""
    logging.basicConfig(format="%(message)s", stream=sys.stdout, level=logging.INFO)  # hydra/job_logging/terminal
    try:
        check_ranges(config)
        code = stylize(config)
    except UserError as error:
        leave(error.exit_code, f"error: {error}")
    except KeyboardInterrupt:
        leave(130, "interrupted")
    sys.exit(code)


def spelled_out(argument: str) -> str:
    """`model=FILE` -> `onnx=FILE`: Hydra takes the former for a choice among conf/model/."""
    return f"onnx={argument.removeprefix('model=')}" if argument.startswith("model=") else argument


def quoted(argument: str) -> str:
    """A file's name that Hydra's grammar cannot read (é, brackets, commas) in the quotes that it wants."""
    from hydra.core.override_parser.overrides_parser import OverridesParser  # here: see `_without_hydra`
    from hydra.errors import HydraException

    key, equals, value = argument.partition("=")
    if key not in PATHS or not equals or value[:1] in ("", "[", "{", '"', "'"):
        return argument
    try:
        if not OverridesParser.create().parse_override(argument).is_sweep_override():
            return argument
    except HydraException:
        pass
    return '{}="{}"'.format(key, value.replace('"', r"\""))


def main() -> None:
    """The verb."""
    sys.argv[1:] = [spelled_out(argument) for argument in sys.argv[1:]]
    config = plain_config("stylize", StylizeConfig, sys.argv[1:])
    if config is not None and _paints_by_onnxruntime(config):
        _without_hydra(config)
    from stylegan_pl.cli import run_verb  # it imports Hydra

    if not {"-m", "--multirun"} & set(sys.argv):
        sys.argv[1:] = [quoted(argument) for argument in sys.argv[1:]]
    run_verb("stylize", stylize)


if __name__ == "__main__":
    main()
