"""Files of conf/ are parsed once a process: Hydra reads some forty a config, and hundreds of configs are composed."""

import pickle
from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigResult


def parse_once() -> None:
    """From now on; a file that has changed is parsed again."""
    Plugins.instance()  # imports its plugins once more, and so makes another class of the same name
    from hydra._internal.core_plugins.file_config_source import FileConfigSource

    parse = FileConfigSource.load_config
    parsed: dict[tuple[Any, ...], bytes] = {}

    def load_config(source: FileConfigSource, config_path: str) -> ConfigResult:
        file = Path(source.path, source._normalize_file_name(config_path))
        if not file.is_file():
            return parse(source, config_path)
        stat = file.stat()
        known = (source.provider, file, stat.st_mtime_ns, stat.st_size)
        if known not in parsed:
            parsed[known] = pickle.dumps(parse(source, config_path))
        return pickle.loads(parsed[known])  # a copy in a tenth of deepcopy's time

    FileConfigSource.load_config = load_config
