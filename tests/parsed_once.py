"""Files of conf/ are parsed once a process: Hydra reads some forty a config, and hundreds of configs are composed."""

from copy import deepcopy
from pathlib import Path
from typing import Any

from hydra._internal.core_plugins.file_config_source import FileConfigSource
from hydra.plugins.config_source import ConfigResult


def parse_once() -> None:
    """From now on; a file that has changed is parsed again."""
    parse = FileConfigSource.load_config
    parsed: dict[tuple[Any, ...], ConfigResult] = {}

    def load_config(source: FileConfigSource, config_path: str) -> ConfigResult:
        file = Path(source.path, source._normalize_file_name(config_path))
        if not file.is_file():
            return parse(source, config_path)
        known = (source.provider, file, file.stat().st_mtime_ns, file.stat().st_size)
        if known not in parsed:
            parsed[known] = parse(source, config_path)
        return deepcopy(parsed[known])

    FileConfigSource.load_config = load_config
