"""The config of a plain command line without Hydra, which takes longer than painting a small picture."""

import re
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl.paths import conf_dir

_NAMED = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?", re.ASCII)  # 007 is a name to Hydra, not 7
_WORD = re.compile(r"[\w./][\w./-]*", re.ASCII)  # none of the signs that mean something to Hydra
_OTHER = object()


def plain_config(name: str, schema: type, arguments: Sequence[str]) -> DictConfig | None:
    """What Hydra would compose of `conf/NAME.yaml` and a command line; None where it must be asked.

    That is all but `key=value` of the root's own keys, the values plain numbers, words and paths; and whatever is
    wrong, for it says how.

    Args:
        schema: the typed root.
    """
    known = {field.name for field in fields(schema)}
    typed: dict[str, Any] = {}
    for argument in arguments:
        key, _, text = argument.partition("=")
        if key not in known or (value := _value(text)) is _OTHER:
            return None
        typed[key] = value
    written = OmegaConf.load(conf_dir() / f"{name}.yaml")
    assert isinstance(written, DictConfig)
    for key in ("defaults", "hydra"):
        written.pop(key)
    try:
        config = OmegaConf.merge(OmegaConf.structured(schema), written, typed)
    except OmegaConfBaseException:
        return None
    OmegaConf.set_struct(config, True)
    assert isinstance(config, DictConfig)
    return config


def _value(text: str) -> Any:
    """A value as Hydra reads it; `_OTHER` where that takes Hydra's grammar."""
    if text in _NAMED:
        return _NAMED[text]
    if _NUMBER.fullmatch(text):
        return float(text) if "." in text else int(text)
    if not _WORD.fullmatch(text) or text.lower() in _NAMED:
        return _OTHER
    try:
        float(text)  # nan, 1e3, 1_000: some of what Hydra takes for numbers
    except ValueError:
        return text
    return _OTHER
