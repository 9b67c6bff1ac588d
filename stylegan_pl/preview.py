"""`python -m stylegan_pl.preview`: what a training aims at, seen before it starts."""

from pathlib import Path

from omegaconf import DictConfig

from stylegan_pl.config.cli import run_verb
from stylegan_pl.config.direction import turn
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.read import upright_size
from stylegan_pl.pictures.write import EXTENSIONS, check_is_free, check_result


def preview(config: DictConfig) -> int:
    """One call of the composed config; returns the exit code."""
    from stylegan_pl.config.check_keys import check_config

    _check_files(config)
    turn(config)
    check_config(config)
    from stylegan_pl.training.optimise_pixels import (
        paint_pixels,  # here, once every key is right: torch takes seconds to import
    )

    return paint_pixels(config)


def _check_files(config: DictConfig) -> None:
    photograph, output = Path(config.input), Path(config.output)
    if not photograph.is_file():
        raise ConfigError(f"input={config.input}: no such file; give a photograph")
    try:
        upright_size(photograph)
    except DataError as error:
        raise ConfigError(f"input={error}") from error
    if output.suffix.lower() not in EXTENSIONS:
        raise ConfigError(f"output={config.output}: name a picture, such as output=preview.png")
    if output.exists() and output.samefile(photograph):
        raise ConfigError(f"output={config.output}: that is the photograph itself; choose another output=")
    check_is_free(output, overwrite=config.overwrite)
    check_result(output, 1, 1)


def main() -> None:
    """The verb."""
    run_verb("preview")


if __name__ == "__main__":
    main()
