"""Checks every key of a composed config against its constructor, before anything is built."""

import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, get_type_hints

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation
from pydantic_core import SchemaError

from stylegan_pl.config.static_signature import Parameter, Signature, class_attribute, signature_of
from stylegan_pl.errors import ConfigError, first_line, nearest
from stylegan_pl.runs.painters import PREFIX, path_of

_HYDRA_KEYS = {"_target_", "_partial_", "_recursive_", "_convert_", "_args_"}
_SLOW_ROOMS = ("models", "callbacks", "loggers", "metrics", "data.datamodule", "distributed", "sweeps.pruning")
_SLOW = ("lightning", *(f"stylegan_pl.{room}" for room in _SLOW_ROOMS))
"""Modules that import Lightning or torchmetrics, which takes seconds; their source is read instead."""
_ANY_TYPE = ConfigDict(arbitrary_types_allowed=True)
_PLAIN = (bool, int, float, str, type(None))


def check_config(config: DictConfig, path: str = "") -> None:
    """Raise for the first unknown key, value of a wrong type, or missing argument.

    Hydra checks the keys on the command line; this checks the keys of files, too.

    Args:
        path: key of `config` within the whole config.

    Raises:
        ConfigError: one line with the place, and the nearest valid key.
    """
    if not path:
        _check_teacher(config.get("model"))
    nodes = [(place, _target(place, node), node) for place, node in _targets(config, path)]
    # classes whose source is read come first: importing torch takes seconds
    for place, target, node in sorted(nodes, key=lambda found: not found[1].startswith(_SLOW)):
        signature = signature_of(target) if target.startswith(_SLOW) else None
        signature = signature or _imported_signature(place, target)
        if signature is not None and place == "model":
            signature = _with_parts(target, signature)
        if signature is not None:
            _check_call(place, node, target, signature)


def _check_teacher(model: Any) -> None:
    """Check that a method with a teacher names an existing one; its file is read later."""
    if not isinstance(model, DictConfig) or not class_attribute(str(model.get("_target_")), "needs_teacher", False):
        return
    teacher = model.get("teacher")
    if teacher is None:
        raise ConfigError(
            f"{str(model._target_).rpartition('.')[2]} learns from a trained generator, and none is named; type "
            "model.teacher=RUN_OR_FILE: a run folder, a .ckpt, or a .safetensors that export wrote"
        )
    if isinstance(teacher, str) and teacher.startswith(PREFIX):
        path_of(teacher.removeprefix(PREFIX))
    elif isinstance(teacher, str) and not Path(teacher).exists():
        raise ConfigError(
            f"model.teacher: no file or folder {teacher}; give a run folder such as outputs/train/NAME/DATE, a .ckpt, "
            "or a .safetensors that export wrote"
        )


def _target(place: str, node: DictConfig) -> str:
    target = node._get_node("_target_")._value()  # type: ignore[union-attr]  # `_targets` saw that it is there
    if not isinstance(target, str):
        raise ConfigError(
            f"{place}._target_={str(target)[:80]!r} is not the path of a class; type {place}._target_=package.Class"
        )
    return target


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


def _imported_signature(place: str, target: str) -> Signature | None:
    """The signature of the imported object; None for a builtin without one, which instantiation checks."""
    try:
        function = resolve_name(target)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"{place}._target_: cannot import {target[:200]} ({first_line(error)[:200]})") from error
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return None
    try:
        hints = get_type_hints(function.__init__ if inspect.isclass(function) else function)
    except (NameError, TypeError, AttributeError):
        hints = {}
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    return Signature(
        {p.name: Parameter(hints.get(p.name), required=p.default is p.empty) for p in named},
        open_ended=any(p.kind is p.VAR_KEYWORD for p in parameters),
    )


def _with_parts(method: str, own: Signature) -> Signature:
    """The keys of a method: its own options, and the fields of its `parts`."""
    kind = "GameParts" if class_attribute(method, "has_opponent", False) else "Parts"
    parts = signature_of(f"stylegan_pl.models.parts.{kind}")
    assert parts is not None
    options = {
        key: parameter for key, parameter in own.parameters.items() if key not in ("parts", "trains_discriminator")
    }
    return Signature({**parts.parameters, **options}, own.open_ended)


def _check_call(path: str, node: DictConfig, target: str, signature: Signature) -> None:
    parameters, name = signature.parameters, target.rsplit(".", 1)[-1]
    given = [str(key) for key in node if key not in _HYDRA_KEYS]
    for key in given:
        if key not in parameters and not signature.open_ended:
            raise ConfigError(f"{path}.{key}: {name} has no option '{key}'{nearest(key, parameters)}")
    if not node.get("_partial_", False) and "_args_" not in node:
        for key, parameter in parameters.items():
            if parameter.required and key not in given:
                raise ConfigError(f"{path}: {name} needs '{key}'; type {path}.{key}=…")
    _check_types(path, node, {key: parameters[key].annotation for key in given if key in parameters})


def _check_types(path: str, node: DictConfig, hints: dict[str, Any]) -> None:
    for key, hint in hints.items():
        if hint is None:
            continue
        try:
            value = node[key]
        except OmegaConfBaseException as error:
            raise ConfigError(f"{path}.{key}: {first_line(error)}") from error
        if isinstance(value, DictConfig | ListConfig):
            if any(True for _ in _targets(value, "")):
                continue  # nodes with a _target_ are checked on their own
            value = OmegaConf.to_container(value, resolve=True)
        elif not isinstance(value, _PLAIN):
            continue
        _check_type(f"{path}.{key}", value, hint)


def _adapter(hint: Any) -> TypeAdapter[Any]:
    try:
        return _kept_adapter(hint)
    except TypeError:  # a hint that cannot be hashed
        return TypeAdapter(hint, config=_ANY_TYPE)


@cache  # a config has hundreds of keys but a dozen types, and making an adapter takes a millisecond
def _kept_adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint, config=_ANY_TYPE)


def _check_type(path: str, value: Any, hint: Any) -> None:
    try:
        _adapter(hint).validate_python(value)
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, SchemaError, TypeError):
        return  # a type that pydantic cannot check, such as a callable with named arguments
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        number = f"; type {path}=NUMBER" if error.errors()[0]["type"] in ("int_parsing", "float_parsing") else ""
        raise ConfigError(f"{path}={value!r}: {reason[0].lower()}{reason[1:]}{number}") from error
    except Exception as error:  # pydantic refuses some dataclass hints with `config`; those nodes are checked by key
        if type(error).__name__ != "PydanticUserError":
            raise
