"""The version of the files that we write: an older program must refuse a newer file, not misread it."""

from pathlib import Path
from typing import Any

from stylegan_pl.errors import ConfigError

FORMAT_VERSION = 1
"""Of checkpoints, safetensors and ONNX files; raised with each change that a program of before would read wrongly."""
VERSION_KEY = "format_version"
METADATA_KEY = "stylegan_pl"
"""Of the facts (generator's config, training, scores, …) as JSON in the metadata of a file that `export` wrote."""


def check_version(found: Any, path: Path) -> int:
    """The version that a file names; 0 for one from before there were versions.

    Raises:
        ConfigError: it is newer than this program, or no version.
    """
    if found is None:
        return 0
    if type(found) is not int or found < 0:
        raise ConfigError(f"{path}: it is damaged: its format version is no number from 0 on")
    if found > FORMAT_VERSION:
        raise ConfigError(
            f"{path}: written by a newer stylegan_pl (format {found}, this one reads up to {FORMAT_VERSION}); type "
            "pip install --upgrade stylegan-pl"
        )
    return found
