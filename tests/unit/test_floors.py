"""The rooms of the package stand on floors, and imports go down; docs/architecture.md has the table."""

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import stylegan_pl
from stylegan_pl.config.verbs import VERBS

PACKAGE = Path(stylegan_pl.__file__).parent
FLOORS = [
    {"contracts", "errors"},
    {"pictures", "nn"},
    {"runs", "box"},
    {"generators", "discriminators", "losses", "metrics", "data", "diagnosis"},
    {"models"},
    {"distributed", "callbacks", "loggers", "report", "sweeps", "inference"},
    {"config"},
    {"training", "stylizing", "evaluation", "exporting", "page", "preparing"},
    {*VERBS, "__main__"},
]
LEAVES = FLOORS[3]


def name_of(path: Path) -> str:
    """`nn.layers.blocks`; of a package its folder's name."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


FILES = {
    name_of(path): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path != PACKAGE / "__init__.py" and path.relative_to(PACKAGE).parts[0] != "conf"
}


def imported(text: str, package: str) -> Iterator[str]:
    """Dotted names below stylegan_pl, wherever a file imports them, modules that are taken from a package included.

    Args:
        package: that the file lies in, below stylegan_pl.
    """
    here = ["stylegan_pl", *filter(None, package.split("."))]
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = here[: len(here) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            found = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("stylegan_pl.") for name in found if name.startswith("stylegan_pl."))


def module_of(name: str) -> str | None:
    """The module that a dotted name is or lies in; None: the package itself."""
    while name and name not in FILES:
        name = name.rpartition(".")[0]
    return name or None


@cache
def imports_of(name: str) -> set[str]:
    path = FILES[name]
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found = {module_of(word) for word in imported(path.read_text(encoding="utf-8"), package)}
    return {module for module in found if module is not None and module != name}


def room(name: str) -> str:
    """The package or module right below stylegan_pl."""
    return name.partition(".")[0]


def part(name: str) -> str:
    """A folder within a room, or a file that lies in the room itself."""
    return ".".join(name.split(".")[:2])


def floor(name: str) -> int:
    return next(number for number, rooms in enumerate(FLOORS) if name in rooms)


def arrows(place) -> dict[str, set[str]]:
    """Place -> the other places that it imports."""
    found: dict[str, set[str]] = {}
    for name in FILES:
        found.setdefault(place(name), set()).update({place(module) for module in imports_of(name)} - {place(name)})
    return found


def test_every_room_has_a_floor():
    assert {room(name) for name in FILES} == set().union(*FLOORS)


@pytest.mark.parametrize("here", sorted({room(name) for name in FILES}))
def test_imports_go_down(here):
    for there in arrows(room)[here]:
        assert floor(there) <= floor(here), f"{here} imports {there}, which is above it"
        assert not {here, there} <= LEAVES, f"{here} imports {there}: the leaves never import each other"


@pytest.mark.parametrize("place", [room, part], ids=["rooms", "parts of rooms"])
def test_no_imports_in_a_circle(place):
    try:
        TopologicalSorter(arrows(place)).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


def test_the_house_can_be_drawn():
    assert sum(map(len, arrows(room).values())) <= 130  # arrows between the rooms


@pytest.mark.parametrize(
    ("method", "lines"), [("vanilla", 60), ("pix2pix", 60), ("cut", 60), ("cyclegan", 110), ("base", 180)]
)
def test_a_method_is_its_equation(method, lines):
    assert len(FILES[f"models.{method}"].read_text(encoding="utf-8").splitlines()) <= lines


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("import stylegan_pl.nn.layers.blocks", "nn.layers.blocks"),
        ("from stylegan_pl.nn.layers.blocks import Block", "nn.layers.blocks"),
        ("from stylegan_pl.nn.layers import blocks", "nn.layers.blocks"),
        ("from stylegan_pl import errors", "errors"),
        ("from . import painter", "inference.painter"),
        ("from .painter import Painter", "inference.painter"),
        ("from .. import errors", "errors"),
        ("from ..nn.layers import blocks", "nn.layers.blocks"),
        ("def f():\n    from stylegan_pl.errors import UserError", "errors"),
        ("import torch", None),
        ("from stylegan_pl import Stylizer", None),
    ],
)
def test_every_way_to_import_is_seen(line, name):
    assert {module_of(word) for word in imported(line, "inference")} - {None} == {name} - {None}
