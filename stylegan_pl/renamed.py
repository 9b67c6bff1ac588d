"""Where classes have gone: files name them by the path that they had when they were written."""

from typing import Any

RENAMED: dict[str, str] = {}
"""Old dotted path -> new; a module's stands for everything in it. What was moved twice has two lines."""


def new_name(target: str) -> str:
    """A dotted path as it is today."""
    for _ in range(len(RENAMED) + 1):  # no further than there are lines, should they lead in a circle
        parts = target.split(".")
        for end in range(len(parts), 0, -1):  # the longest that is known
            if (found := RENAMED.get(".".join(parts[:end]))) is not None:
                target = ".".join([found, *parts[end:]])
                break
        else:
            return target
    return target


def with_new_names(config: Any) -> Any:
    """Plain data from a file with every `_target_` as it is today; a copy."""
    if isinstance(config, dict):
        return {
            key: new_name(value) if key == "_target_" and isinstance(value, str) else with_new_names(value)
            for key, value in config.items()
        }
    return [with_new_names(child) for child in config] if isinstance(config, list | tuple) else config
