"""Builds the objects that a file describes; the file may come from anyone, so only permitted names are called."""

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError
from pydantic_core import SchemaError

from stylegan_pl.errors import ConfigError, UserError, first_line

Permitted = Callable[[str], Any]
"""A dotted path -> the class or function that may be called; raises a `UserError` for any other path."""

DEEPEST = 32  # depth of nested lists and mappings; about 8 in our files
MOST = 100_000  # total number of values; a few hundred in our files
_SETTINGS = {"_partial_", "_convert_", "_recursive_"}  # Hydra's keys; the last two have these values in all our files


@dataclass(frozen=True)
class Call:
    """A call that a node with a `_target_` describes, after it has been checked.

    Attributes:
        function: a class, or a function.
        arguments: by name; plain values, further calls, and lists and mappings of both.
        partial: the caller adds arguments.
    """

    function: Any
    arguments: dict[str, Any]
    partial: bool

    def made(self) -> Any:
        """Make the call; returns the object."""
        arguments = {name: _made(value) for name, value in self.arguments.items()}
        return functools.partial(self.function, **arguments) if self.partial else self.function(**arguments)


def build(node: Any, path: Path, permitted: Permitted, kind: type) -> Any:
    """Build the object that a config from a file describes.

    Args:
        node: plain data: mappings, lists, strings, numbers, booleans, None.
        path: of the file, for messages.
        permitted: what may be called, at any depth.
        kind: what the object must be.

    Raises:
        ConfigError: it asks for anything else, for arguments that the constructors do not take, or cannot be built.
    """
    check_plain(node, path)
    call = parsed(node, path, permitted)
    if not isinstance(call, Call) or not _gives(call, kind):
        raise ConfigError(f"{path}: its config describes {_shortened(node)} instead of {kind.__name__}; refused")
    try:
        return call.made()
    except Exception as error:  # constructors may raise any type of error
        raise ConfigError(f"{path}: its config cannot be built ({first_line(error)})") from error


def check_plain(node: Any, path: Path) -> None:
    """Check that data from a file are plain, small and not deeply nested, so that recursion over them is safe.

    Raises:
        ConfigError: names the file.
    """
    waiting, seen = [(node, 0)], 0
    while waiting:
        value, depth = waiting.pop()
        seen += 1
        if depth > DEEPEST or seen > MOST:  # data that contain themselves are both deep and large
            raise ConfigError(
                f"{path}: its config is nested more than {DEEPEST} deep or has over {MOST:,} values; refused"
            )
        if isinstance(value, dict):
            waiting += [(part, depth + 1) for item in value.items() for part in item]
        elif isinstance(value, list | tuple):
            waiting += [(part, depth + 1) for part in value]
        elif value is not None and type(value) not in (bool, int, float, str):
            raise ConfigError(f"{path}: its config holds a {type(value).__name__}, which is no plain data; refused")


def parsed(node: Any, path: Path, permitted: Permitted) -> Any:
    """Plain data in which each node with a `_target_` is a `Call`; nothing is called.

    Raises:
        ConfigError: as `build`.
    """
    if isinstance(node, str) and "${" in node:
        raise ConfigError(f"{path}: its config holds the expression {node[:80]!r}, which is not evaluated; refused")
    if isinstance(node, list | tuple):
        return [parsed(child, path, permitted) for child in node]
    if not isinstance(node, dict):
        return node
    for key in node:
        parsed(key, path, permitted)
    children = {key: parsed(child, path, permitted) for key, child in node.items() if key != "_target_"}
    return _call(node["_target_"], children, path, permitted) if "_target_" in node else children


def _call(target: Any, given: dict[Any, Any], path: Path, permitted: Permitted) -> Call:
    try:
        function = permitted(str(target))
    except UserError as error:
        raise ConfigError(f"{path}: {error}") from error.__cause__
    arguments = {key: value for key, value in given.items() if key not in _SETTINGS}
    parameters = inspect.signature(function).parameters
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    try:
        hints = get_type_hints(function.__init__ if inspect.isclass(function) else function)
    except (NameError, TypeError, AttributeError):  # annotations that cannot be evaluated
        hints = {}
    for key, value in arguments.items():
        by_name = key in parameters and parameters[key].kind in (
            inspect.Parameter.POSITIONAL_OR_KEYWORD,
            inspect.Parameter.KEYWORD_ONLY,
        )
        if not isinstance(key, str) or not (by_name or open_ended):
            raise ConfigError(f"{path}: its config gives {target} an option {str(key)[:80]!r}, which it does not have")
        if not _fits(value, hints.get(key, Any)):
            raise ConfigError(f"{path}: its config gives {target} {key}={_shortened(value)}, which is of another type")
    return Call(function, arguments, given.get("_partial_") is True)


def _fits(value: Any, hint: Any) -> bool:
    """Whether an argument fits the parameter's annotation, checked before it is built."""
    if hint is Any:
        return True
    if get_origin(hint) in (Union, types.UnionType):
        return any(_fits(value, choice) for choice in get_args(hint))
    if isinstance(value, Call):
        return _gives(value, hint)
    if any(True for _ in _calls(value)):
        kind = get_origin(hint) or hint
        return not isinstance(kind, type) or isinstance(value, kind)
    try:
        # strict: `true` and "3" are not numbers; the constructor would get them unconverted
        TypeAdapter(hint, config=ConfigDict(arbitrary_types_allowed=True)).validate_python(value, strict=True)
    except ValidationError:
        return False
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError, SchemaError, TypeError):
        return True  # a type that pydantic cannot check; the constructor checks it
    return True


def _gives(call: Call, hint: Any) -> bool:
    """Whether a call gives an instance of a class, or a callable if that is asked for."""
    if not isinstance(hint, type):  # Callable[…], or an annotation that could not be read
        return call.partial or get_origin(hint) is not Callable
    if call.partial or not isinstance(call.function, type):
        return hint is object
    return issubclass(call.function, hint)


def _calls(value: Any) -> Iterator[Call]:
    if isinstance(value, Call):
        yield value
    elif isinstance(value, dict):
        for child in value.values():
            yield from _calls(child)
    elif isinstance(value, list):
        for child in value:
            yield from _calls(child)


def _made(value: Any) -> Any:
    if isinstance(value, Call):
        return value.made()
    if isinstance(value, dict):
        return {key: _made(child) for key, child in value.items()}
    return [_made(child) for child in value] if isinstance(value, list) else value


def _shortened(value: Any) -> str:
    text = value.function.__name__ if isinstance(value, Call) else repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
