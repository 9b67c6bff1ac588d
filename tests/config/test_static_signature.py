"""Signatures read from source are those that Python has once the module is imported."""

import importlib
import inspect
import itertools
import re
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_type_hints

import griffe
import pytest
from omegaconf import OmegaConf

from stylegan_pl.config.check_keys import _SLOW, check_config
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.static_signature import Parameter, class_attribute, signature_of
from stylegan_pl.errors import ConfigError

_NUMBERS = itertools.count()
Write = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Module name -> source; returns the name of the package that holds them, importable."""

    def write(**modules: str) -> str:
        name = f"theirs{next(_NUMBERS)}"
        (tmp_path / name).mkdir()
        for module, source in {"__init__": "", **modules}.items():
            (tmp_path / name / f"{module}.py").write_text(textwrap.dedent(source).replace("PACKAGE", name))
        monkeypatch.syspath_prepend(str(tmp_path))
        return name

    return write


def slow_targets() -> list[str]:
    """Every class in conf/ that is checked by its source, and some of Lightning's."""
    text = "\n".join(path.read_text() for path in sorted(conf_dir().rglob("*.yaml")))
    found = {target for target in re.findall(r"_target_: ([\w.]+)", text) if target.startswith(_SLOW)}
    return sorted({*found, "lightning.Trainer", "lightning.pytorch.callbacks.ModelCheckpoint"})


def imported(target: str) -> Any:
    module, _, name = target.rpartition(".")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("target", slow_targets())
def test_it_is_what_inspect_says(target: str) -> None:
    thing = imported(target)
    told = signature_of(target)
    assert told is not None
    parameters = inspect.signature(thing).parameters.values()
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    assert {name: p.required for name, p in told.parameters.items()} == {p.name: p.default is p.empty for p in named}
    assert told.open_ended == any(p.kind is p.VAR_KEYWORD for p in parameters)
    hints = get_type_hints(thing.__init__ if inspect.isclass(thing) else thing)
    for name, parameter in told.parameters.items():
        if parameter.annotation is not None:
            assert parameter.annotation == hints[name], name


def test_conf_has_classes_of_every_slow_room() -> None:
    targets = slow_targets()
    assert all(any(target.startswith(room) for target in targets) for room in _SLOW)


def test_annotations_of_plain_types_are_told_and_others_are_not(package: Write) -> None:
    name = package(
        parts="""
        from __future__ import annotations
        import typing
        from collections.abc import Callable, Mapping, Sequence
        from pathlib import Path
        from typing import Dict, List, Optional, Union

        def f(a: int, b: float | None, c: Optional[str], d: Union[int, List[str]], e: dict[str, list[int]],
              g: Mapping[str, float], h: Sequence[int], i: tuple[int, ...], j: tuple[int, str], k: list, l: None,
              m: typing.Dict[str, bool], *, q: Path, r: Callable[[int], int], s: list[Path], t, u: Path | int = 3): ...
        """
    )
    told = signature_of(f"{name}.parts.f")
    assert told is not None
    annotations = {key: parameter.annotation for key, parameter in told.parameters.items()}
    assert annotations == {
        "a": int,
        "b": float | None,
        "c": str | None,
        "d": int | list[str],
        "e": dict[str, list[int]],
        "g": Mapping[str, float],
        "h": Sequence[int],
        "i": tuple[int, ...],
        "j": tuple[int, str],
        "k": list,
        "l": type(None),
        "m": dict[str, bool],
        **dict.fromkeys("qrstu"),
    }
    assert not told.parameters["u"].required and told.parameters["t"].required


def test_annotations_in_quotes_are_told_as_well(package: Write) -> None:
    name = package(parts="def f(x: 'float | None', y: 'list[Nobody]'): ...\n")
    told = signature_of(f"{name}.parts.f")
    assert told == ({"x": Parameter(float | None, required=True), "y": Parameter(None, required=True)}, False)


def test_a_name_that_only_looks_like_a_plain_type_is_not_one(package: Write) -> None:
    name = package(parts="from decimal import Decimal as float\n\ndef f(x: float): ...\n")
    assert signature_of(f"{name}.parts.f") == ({"x": Parameter(None, required=True)}, False)


FAMILY = {
    "base": """
        from abc import ABC

        class Grandparent(ABC):
            colour = "red"
            needs_pairs = False
            images = 3
            sizes = [1, 2]

            def __init__(self, x: int, /, y: float = 2.0, *rest, z: str, **others) -> None:
                self.images = 4
        """,
    "child": """
        from PACKAGE import base as below

        class Mixin:
            needs_pairs = True

        class Parent(Mixin, below.Grandparent):
            colour: str
        """,
    "grandchild": """
        from PACKAGE.child import Parent

        class Child(Parent):
            @property
            def images(self) -> int: ...

            @classmethod
            def made(cls, size: int): ...

            @staticmethod
            def free(size: int): ...
        """,
    "__init__": "from PACKAGE.grandchild import Child as Renamed\n",
}


@pytest.mark.parametrize("path", ["child.Parent", "grandchild.Child", "Renamed"])
def test_a_constructor_is_inherited_across_modules(package: Write, path: str) -> None:
    told = signature_of(f"{package(**FAMILY)}.{path}")
    assert told == ({"y": Parameter(float, required=False), "z": Parameter(str, required=True)}, True)


@pytest.mark.parametrize("path", ["grandchild.Child.made", "grandchild.Child.free", "Renamed.made"])
def test_methods_of_a_class_are_targets_too(package: Write, path: str) -> None:
    assert signature_of(f"{package(**FAMILY)}.{path}") == ({"size": Parameter(int, required=True)}, False)


def test_a_class_attribute_is_its_own_or_its_nearest_bases(package: Write) -> None:
    name = package(**FAMILY)
    assert class_attribute(f"{name}.base.Grandparent", "needs_pairs", None) is False
    assert class_attribute(f"{name}.child.Parent", "needs_pairs", None) is True
    assert class_attribute(f"{name}.Renamed", "needs_pairs", None) is True
    assert class_attribute(f"{name}.Renamed", "colour", None) == "red"  # `colour: str` of the parent has no value
    assert class_attribute(f"{name}.Renamed", "sizes", None) == [1, 2]
    assert class_attribute(f"{name}.child.Parent", "images", "not told") == "not told"  # instances have another
    assert class_attribute(f"{name}.Renamed", "images", "not told") == "not told"  # a property
    assert class_attribute(f"{name}.Renamed", "nothing", 7) == 7
    assert class_attribute(f"{name}.Nobody", "colour", 7) == 7


def test_a_dataclass_takes_its_fields_and_its_bases(package: Write) -> None:
    name = package(
        parts="""
        from dataclasses import dataclass, field
        from typing import ClassVar

        @dataclass(frozen=True)
        class Base:
            seed: int
            sizes: list[int] = field(default_factory=list)

        @dataclass(frozen=True)
        class Sub(Base):
            rate: float | None = None
            kind: ClassVar[str] = "sub"
            built: int = field(init=False, default=0)
        """
    )
    expected = list(inspect.signature(imported(f"{name}.parts.Sub")).parameters)
    told = signature_of(f"{name}.parts.Sub")
    assert told == (
        {"seed": Parameter(int, True), "sizes": Parameter(list[int], False), "rate": Parameter(float | None, False)},
        False,
    )
    assert list(told.parameters) == expected


def test_a_dataclass_has_the_fields_of_a_base_in_another_module(package: Write) -> None:
    name = package(
        base="from dataclasses import dataclass\n\n@dataclass\nclass Base:\n    seed: int\n",
        sub="""
        from dataclasses import dataclass
        from PACKAGE.base import Base

        @dataclass
        class Sub(Base):
            rate: float = 0.5
        """,
    )
    assert signature_of(f"{name}.sub.Sub") == ({"seed": Parameter(int, True), "rate": Parameter(float, False)}, False)


def test_a_function_of_its_modules_name(package: Write) -> None:
    name = package(__init__="from PACKAGE.paint import paint\n", paint="def paint(size: int): ...\n")
    for path in (f"{name}.paint", f"{name}.paint.paint"):
        assert signature_of(path) == ({"size": Parameter(int, True)}, False)


def test_only_modules_on_the_way_are_read(package: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    visit = griffe.visit
    monkeypatch.setattr(
        griffe, "visit", lambda name, *given, **named: read.append(name) or visit(name, *given, **named)
    )
    name = package(**FAMILY, aside="class Other: ...")
    assert signature_of(f"{name}.child.Parent") is not None
    assert read == [name, "child", "base"]


def test_a_class_of_no_constructor_takes_nothing(package: Write) -> None:
    assert signature_of(f"{package(parts='class Empty: ...')}.parts.Empty") == ({}, False)


@pytest.mark.parametrize(
    "source",
    [
        "from torch import nn\n\nclass X(nn.Module): ...\n",
        "from somewhere_else import Base\n\nclass X(Base): ...\n",
        "def make(): ...\n\nclass X(make()): ...\n",
        "from functools import partial\n\nX = partial(dict, a=1)\n",
        "from PACKAGE.parts import X\n",
        "class X(:\n",
        "Y = 1\n",
    ],
)
def test_what_the_source_does_not_tell_is_none(package: Write, source: str) -> None:
    target = f"{package(parts=source)}.parts.X"
    assert signature_of(target) is None
    assert class_attribute(target, "colour", "red") == "red"


@pytest.mark.parametrize("target", ["no_such_package_at_all.X", "stylegan_pl.models.nope.X", "builtins.dict", "json"])
def test_what_is_no_class_of_a_source_file_is_none(target: str) -> None:
    assert signature_of(target) is None


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (
            {"_target_": "stylegan_pl.models.mechanics.Mechanics", "seed": "abc"},
            "x.seed='abc': input should be a valid int",
        ),
        (
            {"_target_": "stylegan_pl.callbacks.sample_grid.SampleGrid", "folder": "f", "rows": 1.5},
            "x.rows=1.5: input should be a valid integer",
        ),
        (
            {"_target_": "stylegan_pl.callbacks.sample_grid.SampleGrid", "folder": "f"},
            "x: SampleGrid needs 'rows'; type x.rows=",
        ),
        (
            {"_target_": "lightning.Trainer", "max_stepz": 3},
            "Trainer has no option 'max_stepz'; did you mean 'max_steps'?",
        ),
        ({"_target_": "stylegan_pl.models.base.Nope"}, "x._target_: cannot import stylegan_pl.models.base.Nope"),
    ],
)
def test_slow_classes_are_checked_in_the_same_words(node: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError) as error:
        check_config(OmegaConf.create({"x": node}))
    assert words in str(error.value)


WRONG = {
    "model.adversarial_weight=abc": "model.adversarial_weight='abc': input should be a valid number",
    "model.mechanics.accumulate_batches=abc": "model.mechanics.accumulate_batches='abc': input should be a valid int",
    "callbacks.samples.rows=abc": "callbacks.samples.rows='abc': input should be a valid integer",
}


@pytest.mark.parametrize("argument", WRONG)
def test_a_wrong_type_is_told_before_torch_and_lightning_are_imported(argument: str, tmp_path: Path) -> None:
    code = (
        "import atexit, sys\n"
        "slow = {'torch', 'lightning', 'torchmetrics'}\n"
        "atexit.register(lambda: print(sorted(slow & set(sys.modules))))\n"
        "from stylegan_pl.train import main\n"
        "main()\n"
    )
    started = time.monotonic()
    arguments = [argument, "data=sample", "hydra.run.dir=run"]
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=tmp_path)
    print(f"{argument}: {time.monotonic() - started:.1f} s")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {WRONG[argument]}") and done.stderr.count("\n") == 1
    assert done.stdout == "[]\n"
    assert not (tmp_path / "data").exists()
