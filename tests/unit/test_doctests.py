"""The examples in docstrings run, and print what they say."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

import stylegan_pl

PACKAGE = Path(stylegan_pl.__file__).parent
MODULES = [
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    for path in sorted(PACKAGE.rglob("*.py"))
    if re.search(r"^ +>>> ", path.read_text(), flags=re.M)
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_print_what_they_say(module: str) -> None:
    failed, tried = doctest.testmod(importlib.import_module(module))
    assert tried > 0 and failed == 0


def test_each_kind_of_part_has_an_example() -> None:
    """Whoever adds a part copies from its neighbours."""
    rooms = {module.split(".")[1] for module in MODULES}
    assert {"generators", "discriminators", "losses", "metrics", "nn", "pictures", "inference"} <= rooms
