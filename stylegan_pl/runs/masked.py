"""Masks passwords and keys in a config that is written to a file or sent to a tracker: such files are shared."""

import re
from typing import Any

_KEYS = re.compile(r"(?:api_?key|access_?key|token|password|secret|secret_key)$", re.IGNORECASE)
_IN_ADDRESS = re.compile(r"(://[^/\s:@]*:)[^/\s]+@")
MASK = "***"


def masked(config: Any, key: str = "") -> Any:
    """A copy of nested dicts, lists and scalars in which passwords and keys are `***`.

    Masked are texts whose key ends in `api_key`, `token`, `password` or `secret`, also as a word KEY=TEXT of a command
    line, and passwords in addresses. A reference, such as `${oc.env:COMET_API_KEY}`, is kept: it says where the key is,
    not what it is.

    Example:
        >>> masked({"api_key": "KEY123", "tracking_uri": "https://me:1234@host", "seed": 0})
        {'api_key': '***', 'tracking_uri': 'https://me:***@host', 'seed': 0}
        >>> masked(["seed=1", "logger.mine.api_key=KEY123"])
        ['seed=1', 'logger.mine.api_key=***']
    """
    if isinstance(config, dict):
        return {name: masked(value, str(name)) for name, value in config.items()}
    if isinstance(config, list):
        return [masked(value, key) for value in config]
    if not isinstance(config, str):
        return config
    typed, equals, value = config.partition("=")
    if equals and _KEYS.search(typed):
        return f"{typed}={masked(value, typed)}"
    if config and _KEYS.search(key) and not config.strip("'\"").startswith("${"):
        return MASK
    return _IN_ADDRESS.sub(rf"\g<1>{MASK}@", config)
