"""The version of our file formats: an older program must refuse a newer file instead of misreading it."""

from pathlib import Path
from typing import Any

from stylegan_pl.errors import ConfigError

FORMAT_VERSION = 1
"""Version of checkpoints, safetensors and ONNX files; raised with each change that an older program would misread."""
VERSION_KEY = "format_version"
METADATA_KEY = "stylegan_pl"
"""Key of the facts (generator's config, training, scores, …), JSON in the metadata of an exported file."""


def check_version(found: Any, path: Path) -> int:
    """The version of a file; 0 for a file that has none.

    Raises:
        ConfigError: it is newer than this program, or not a version.
    """
    if found is None:
        return 0
    if type(found) is not int or found < 0:
        raise ConfigError(f"{path}: it is damaged: its format version is not a whole number of 0 or more")
    if found > FORMAT_VERSION:
        raise ConfigError(
            f"{path}: written by a newer stylegan_pl (format {found}, this one reads up to {FORMAT_VERSION}); type "
            "pip install --upgrade stylegan-pl"
        )
    return found
