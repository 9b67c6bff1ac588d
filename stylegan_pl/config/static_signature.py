"""Reads a class's parameters and attributes from its source, because importing Lightning takes seconds."""

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import reduce
from importlib.machinery import PathFinder
from importlib.util import find_spec
from operator import or_
from pathlib import Path
from typing import Any, NamedTuple

import griffe

_MODULES = griffe.ModulesCollection()  # modules read so far in this process
_EXTENSIONS = griffe.load_extensions()  # one gives dataclasses their constructors
_TYPES: dict[str, Any] = {
    **{kind.__name__: kind for kind in (int, float, str, bool)},
    **{"None": type(None), "typing.Optional": "optional", "typing.Union": "union"},
    **{f"{prefix}{kind.__name__}": kind for kind in (list, dict, tuple) for prefix in ("", "typing.")},
    **{f"typing.{kind.__name__.title()}": kind for kind in (list, dict, tuple)},
    **{f"{module}.Sequence": Sequence for module in ("typing", "collections.abc")},
    **{f"{module}.Mapping": Mapping for module in ("typing", "collections.abc")},
}
"""Full name of an annotation -> its type; annotations of these types can be checked without an import."""
_BARE_BASES = ("object", "abc.ABC", "typing.Generic", "typing.Protocol")  # they have no constructor and no attributes
_TOO_LARGE = ("torch",)  # reading its source takes longer than importing it


class Parameter(NamedTuple):
    """One option of a constructor."""

    annotation: Any  # its type; None if it has none or if it is unknown
    required: bool


class Signature(NamedTuple):
    """The options of a constructor or function by name, without `self`."""

    parameters: dict[str, Parameter]
    open_ended: bool  # accepts further names, by `**kwargs`


class _Unknown(Exception):
    """The source does not give the answer."""


def signature_of(target: str) -> Signature | None:
    """The signature at a dotted path; nothing is imported, so no code runs.

    A class without a constructor of its own has its base's, in whatever package that is; a dataclass has its fields.
    Bases are searched depth first, from left to right. Types are known for annotations of int, float, str, bool, None,
    their unions, lists, dicts, tuples, sequences and mappings; for any other, the type is None.

    Returns:
        None if the source does not have the name, or a base class cannot be read.
    """
    try:
        thing = _resolve(target)
        if isinstance(thing, griffe.Class):
            constructor = _inherited(thing, "__init__")
            return Signature({}, open_ended=False) if constructor is None else _signature(constructor, bound=True)
        static = thing.has_labels("staticmethod") or not isinstance(thing.parent, griffe.Class)
        return _signature(thing, bound=not static)
    except _Unknown:
        return None


def class_attribute(target: str, name: str, default: Any) -> Any:
    """A class's own or inherited attribute if it is a literal such as `True`; otherwise `default`.

    Returns `default` also for an attribute that a method sets on instances, because its value depends on what ran.
    """
    try:
        thing = _resolve(target)
        found = _inherited(thing, name) if isinstance(thing, griffe.Class) else None
        value = getattr(found, "value", None)  # griffe's expression; None if there is none, as for a property
        if found is None or value is None or _set_in_a_method(found):
            return default
        return ast.literal_eval(str(value))
    except (_Unknown, ValueError, SyntaxError):
        return default


def _resolve(path: str) -> griffe.Object:
    """The object at a dotted path; imports between modules are followed, and only modules on the way are read."""
    package, *names = path.split(".")
    found: griffe.Object | None = None
    try:
        if package not in _TOO_LARGE:
            found = _MODULES.members.get(package) or _read(package, None)
        for index, name in enumerate(names, start=1):
            found = found and _member(found, name, last=index == len(names))
    except (griffe.GriffeError, ImportError, OSError, ValueError, SyntaxError, RecursionError) as error:
        raise _Unknown(path) from error  # RecursionError: circular names
    if found is None:
        raise _Unknown(path)
    return found


def _member(owner: griffe.Object, name: str, *, last: bool) -> griffe.Object | None:
    """What a name stands for; where a module and something in its package share it, the way on is by the module."""
    found = owner.members.get(name)
    if isinstance(owner, griffe.Module) and not isinstance(found, griffe.Module) and not (last and found):
        found = _read(name, owner) or found
    return _resolve(found.target_path) if isinstance(found, griffe.Alias) else found


def _read(name: str, parent: griffe.Module | None) -> griffe.Module | None:
    """Parse one module, if it is Python's; nothing is imported, not even the package around it."""
    spec = None
    if parent is None:
        spec = find_spec(name)
    elif parent.is_init_module:
        spec = PathFinder.find_spec(f"{parent.path}.{name}", [str(Path(str(parent.filepath)).parent)])
    if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
        return None
    file = Path(spec.origin)
    module = griffe.visit(name, file, file.read_text("utf-8-sig"), parent=parent, modules_collection=_MODULES)
    (_MODULES if parent is None else parent).set_member(name, module)
    for owner in [member for member in module.members.values() if isinstance(member, griffe.Class)]:
        for base in owner.bases if owner.decorators else ():  # a dataclass has its bases' fields as well
            with suppress(_Unknown):
                _resolve(base if isinstance(base, str) else base.canonical_path)
    _EXTENSIONS.call("on_package", pkg=module, loader=None)
    return module


def _inherited(owner: griffe.Class, name: str) -> griffe.Object | None:
    """The class member `name` of the owner or of its nearest base; None if no class has it."""
    member = owner.members.get(name)
    if member is not None and not _only_on_instances(member):
        return _resolve(member.path)
    for base in owner.bases:
        path = base if isinstance(base, str) else base.canonical_path
        if path in _BARE_BASES:
            continue
        parent = _resolve(path)
        if not isinstance(parent, griffe.Class):
            raise _Unknown(path)
        found = _inherited(parent, name)
        if found is not None:
            return found
    return None


def _only_on_instances(member: griffe.Object | griffe.Alias) -> bool:
    """Whether a member is only annotated or only set in methods."""
    if not member.is_attribute or "property" in member.labels:
        return False
    return "class-attribute" not in member.labels or getattr(member, "value", None) is None


def _set_in_a_method(attribute: griffe.Object) -> bool:
    owner, line = attribute.parent, attribute.lineno or 0
    methods = [] if owner is None else [m for m in owner.members.values() if isinstance(m, griffe.Function)]
    return any((method.lineno or 0) <= line <= (method.endlineno or 0) for method in methods)


def _signature(function: griffe.Object, *, bound: bool) -> Signature:
    if not isinstance(function, griffe.Function):
        raise _Unknown(function.path)
    given = list(function.parameters)[1 if bound else 0 :]
    parameters = {
        parameter.name: Parameter(_type(parameter.annotation), required=parameter.default is None)
        for parameter in given
        if parameter.kind in (griffe.ParameterKind.positional_or_keyword, griffe.ParameterKind.keyword_only)
    }
    open_ended = any(parameter.kind is griffe.ParameterKind.var_keyword for parameter in given)
    return Signature(parameters, open_ended)


def _type(annotation: str | griffe.Expr | None) -> Any:
    """The type of an annotation of plain types; otherwise None."""
    try:
        return None if annotation is None else _evaluated(annotation)
    except _Unknown:
        return None


def _evaluated(node: str | griffe.Expr) -> Any:
    if isinstance(node, griffe.ExprBinOp) and node.operator == "|":
        return _evaluated(node.left) | _evaluated(node.right)
    if isinstance(node, griffe.ExprSubscript):
        kind = _named(node.left)
        inner = node.slice.elements if isinstance(node.slice, griffe.ExprTuple) else [node.slice]
        types = tuple(... if str(part) == "..." else _evaluated(part) for part in inner)
        if kind in ("optional", "union"):
            return reduce(or_, types if kind == "union" else (*types, type(None)))
        return kind[types]
    kind = _named(node)
    if isinstance(kind, str):
        raise _Unknown(str(node))
    return kind


def _named(node: str | griffe.Expr) -> Any:
    path = node if isinstance(node, str) else node.canonical_path
    if path not in _TYPES:
        raise _Unknown(path)
    return _TYPES[path]
