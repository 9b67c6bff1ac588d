"""Options of `stylize` that a call would not use are refused: who types one expects it to do something."""

from typing import Any

from omegaconf import DictConfig, OmegaConf

from stylegan_pl.config.option_types import FilmConfig
from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.precision import Precision

_FILM: dict[str, Any] = {f"film.{key}": value for key, value in vars(FilmConfig()).items()}
_WHOLE = {"tile": "auto", "tile_exact": False, "memory_gb": None, "batch_size": 1}  # a sheet's cells are small

_UNUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "pictures": ("is for films, and here pictures are painted", _FILM),
    "film": (
        "is for pictures, and here a film is painted",
        {"image_format": None, "first_frame": False, "quality": 95, "resume": False, "tile_exact": False},
    ),
    "sheet": (
        "does not work with sheet=true",
        {"mask": None, "style_weights": None, "image_format": None, "resume": False} | _WHOLE | _FILM,
    ),
    "onnx": (
        "works with ckpt=, not with model=",
        {
            "style_weights": None, "mask": None, "tile": "auto", "tile_exact": False, "precision": Precision.auto,
            "batch_size": 1, "trust": [],
        },
    ),
}  # fmt: skip
"""What is painted, or by what -> why an option is not used, and the options with their defaults."""


def check_used(config: DictConfig, what: str) -> None:
    """Refuse an option of a composed `StylizeConfig` that differs from its default and would not be used.

    Args:
        what: "pictures", "film", "sheet" or "onnx".

    Raises:
        ConfigError: one was typed.
    """
    why, unused = _UNUSED[what]
    for key, default in unused.items():
        if OmegaConf.select(config, key) != default:
            raise ConfigError(f"{key}= {why}; leave it out")
