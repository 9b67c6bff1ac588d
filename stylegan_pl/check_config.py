"""Every key of a composed config against the constructor it goes to, before anything is built."""

import inspect
from collections.abc import Iterator
from typing import Any, get_type_hints

from hydra.utils import get_object
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation

from stylegan_pl.errors import ConfigError, first_line
from stylegan_pl.explain import nearest

_HYDRA_KEYS = {"_target_", "_partial_", "_recursive_", "_convert_", "_args_"}
_SLOW = (
    "lightning",
    *(f"stylegan_pl.{room}" for room in ("models", "callbacks", "loggers", "metrics", "data.datamodule")),
)
"""What imports Lightning or torchmetrics, which takes seconds; most mistakes are elsewhere, and can be told sooner."""
_PLAIN = (bool, int, float, str, type(None))


def check_config(config: DictConfig, path: str = "", *, quick: bool = False) -> None:
    """Raise for the first key that its class does not take, value of the wrong type, or missing argument.

    Command-line overrides are held to existing keys by Hydra; this is for keys that came from a file.

    Args:
        path: where `config` stands in the whole.
        quick: leave out what would import Lightning.

    Raises:
        ConfigError: one line with the place, and the nearest valid key.
    """
    for place, node in _targets(config, path):
        target = str(node._get_node("_target_")._value())  # type: ignore[union-attr]
        if quick and target.startswith(_SLOW):
            continue
        try:
            function = get_object(target)
        except (ImportError, AttributeError, ValueError) as error:
            raise ConfigError(f"{place}._target_: cannot import {target} ({first_line(error)})") from error
        _check_call(place, node, target, function)


def _targets(node: Any, path: str) -> Iterator[tuple[str, DictConfig]]:
    if isinstance(node, DictConfig) and not node._is_none() and not node._is_missing():
        if "_target_" in node:
            yield path, node
        for key in node:
            child = node._get_node(key)
            yield from _targets(child, f"{path}.{key!s}" if path else str(key))
    elif isinstance(node, ListConfig) and not node._is_none() and not node._is_missing():
        for index in range(len(node)):
            yield from _targets(node._get_node(index), f"{path}[{index}]")


def _check_call(path: str, node: DictConfig, target: str, function: Any) -> None:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return  # a builtin without a signature: instantiation will tell
    given = [str(key) for key in node if key not in _HYDRA_KEYS]
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    for key in given:
        if key not in parameters and not open_ended:
            raise ConfigError(
                f"{path}.{key}: {target.rsplit('.', 1)[-1]} has no option '{key}'{nearest(key, parameters)}"
            )
    if not node.get("_partial_", False):
        for name, parameter in parameters.items():
            required = parameter.default is parameter.empty and parameter.kind in (
                parameter.POSITIONAL_OR_KEYWORD,
                parameter.KEYWORD_ONLY,
            )
            if required and name not in given and "_args_" not in node:
                raise ConfigError(f"{path}: {target.rsplit('.', 1)[-1]} needs '{name}'; type {path}.{name}=…")
    _check_types(path, node, function, given)


def _check_types(path: str, node: DictConfig, function: Any, given: list[str]) -> None:
    try:
        hints = get_type_hints(function.__init__ if inspect.isclass(function) else function)
    except (NameError, TypeError, AttributeError):
        return
    for key in given:
        if key not in hints:
            continue
        try:
            value = node[key]
        except OmegaConfBaseException as error:
            raise ConfigError(f"{path}.{key}: {first_line(error)}") from error
        if isinstance(value, DictConfig | ListConfig):
            if any(True for _ in _targets(value, "")):
                continue  # objects to be built; they are checked on their own
            value = OmegaConf.to_container(value, resolve=True)
        elif not isinstance(value, _PLAIN):
            continue
        _check_type(f"{path}.{key}", value, hints[key])


def _check_type(path: str, value: Any, hint: Any) -> None:
    try:
        TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value)
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, TypeError):
        return  # a type that pydantic cannot check, such as a callable with named arguments
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise ConfigError(f"{path}={value!r}: {reason[0].lower()}{reason[1:]}") from error
    except Exception as error:  # pydantic refuses some dataclass hints with `config`; those nodes are checked by key
        if type(error).__name__ != "PydanticUserError":
            raise
