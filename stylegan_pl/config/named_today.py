"""Updates a config of an older version."""

import logging
from typing import Any

from omegaconf import DictConfig, ListConfig

from stylegan_pl.runs.renamed import new_name, removed

_log = logging.getLogger(__name__)


def as_named_today(config: DictConfig) -> None:
    """Replace, in place, old names of classes and options: the config may be an old run's config.yaml."""
    waiting: list[Any] = [config]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DictConfig) and not node._is_none() and not node._is_missing():
            children: dict[Any, Any] = {key: node._get_node(key) for key in node}
        elif isinstance(node, ListConfig) and not node._is_none() and not node._is_missing():
            children = {place: node._get_node(place) for place in range(len(node))}
        else:
            continue
        waiting += children.values()
        target = children.get("_target_")
        if target is not None and isinstance(target._value(), str):
            target._set_value(new_name(target._value()))
            for key in children:
                if (instead := removed(target._value(), str(key))) is not None:
                    _log.warning("%s is no longer an option: %s", node._get_full_key(key), instead)
                    del node.__dict__["_content"][key]  # regardless of the node's flags
