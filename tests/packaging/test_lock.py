"""uv.lock and constraints.txt: one set of versions in two formats, within the ranges of pyproject.toml."""

import re
from pathlib import Path
from urllib.parse import urlsplit

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CLONE = Path(__file__).resolve().parents[2]
LOCK = (CLONE / "uv.lock").read_text()
CONSTRAINTS = [
    Requirement(line) for line in (CLONE / "constraints.txt").read_text().splitlines() if not line.startswith("#")
]


def locked() -> set[tuple[str, str]]:
    """Name and version of each package but this project's own."""
    found = re.findall(r'^\[\[package\]\]\nname = "(.+)"\nversion = "(.+)"\nsource = \{ registry', LOCK, flags=re.M)
    assert len(found) == LOCK.count("[[package]]") - 1
    return set(found)


def test_both_files_name_the_same_versions() -> None:
    assert {(line.name, str(line.specifier).removeprefix("==")) for line in CONSTRAINTS} == locked()


def test_a_lock_holds_nothing_of_the_machine_that_wrote_it() -> None:
    hosts = {urlsplit(address).hostname for address in re.findall(r'"(\w+://[^"]+)"', LOCK)}
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
    assert set(re.findall(r"source = \{ (\w+) = ", LOCK)) == {"registry", "editable"}


def test_every_dependency_is_locked_within_its_range() -> None:
    _, _, tables = (CLONE / "pyproject.toml").read_text().partition("\ndependencies = [")
    declared = re.findall(r'"([a-z][\w-]*(?:\[\w+\])?[<>=][^"]*)"', tables.partition("[project.scripts]")[0])
    assert len(declared) > 50
    versions = locked()
    for wanted in map(Requirement, declared):
        found = [version for name, version in versions if name == canonicalize_name(wanted.name)]
        assert found and all(map(wanted.specifier.contains, found)), wanted
