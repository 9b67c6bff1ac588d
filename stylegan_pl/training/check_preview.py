"""Checks `preview`'s input and output before torch is imported."""

from pathlib import Path

from omegaconf import DictConfig

from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.read import upright_size
from stylegan_pl.pictures.write import EXTENSIONS, check_is_free, check_result


def check_preview(config: DictConfig) -> None:
    """Raise unless the photograph can be read and the output can be written.

    Raises:
        ConfigError: one line with what to type instead.
        DataError: the output's folder cannot be written.
    """
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
