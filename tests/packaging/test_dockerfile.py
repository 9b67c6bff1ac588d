"""The Dockerfile, which no test can build: what it copies is there, reaches the build, and is what a wheel needs."""

import re
import shlex
from pathlib import Path

from packaging.requirements import Requirement
from test_wheel import TRACKED

from stylegan_pl.config.verbs import VERBS

CLONE = Path(__file__).resolve().parents[2]
TEXT = (CLONE / "Dockerfile").read_text().replace("\\\n", " ")
PAGE = (CLONE / "docs/docker.md").read_text()


def copied() -> list[str]:
    return [name for words in re.findall(r"^COPY (.+)", TEXT, flags=re.M) for name in words.split()[:-1]]


def test_what_is_copied_is_there_and_not_ignored() -> None:
    lines = (CLONE / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*" and {line[1:] for line in lines if line.startswith("!")} == set(copied())
    assert all((CLONE / name).exists() for name in copied())


def test_it_is_what_a_wheel_is_built_of() -> None:
    assert set(copied()) == {*TRACKED, "constraints.txt"}


def test_the_extras_that_are_installed_exist() -> None:
    extras = Requirement("stylegan-pl" + re.search(r"'\.(\[.+\])'", TEXT).group(1)).extras
    declared = re.findall(r"^(\w+) = \[", (CLONE / "pyproject.toml").read_text(), flags=re.M)
    assert extras and extras <= set(declared)


def test_the_page_and_the_file_say_the_same() -> None:
    built = [
        line.lstrip("# ").partition("  #")[0].strip() for line in (TEXT + PAGE).splitlines() if "docker build" in line
    ]
    assert len(built) == 4 and len(set(built)) == 2
    arguments = {word.partition("=")[0] for line in built for word in line.split() if "=" in word}
    assert arguments == set(re.findall(r"^ARG (\w+)", TEXT, flags=re.M))
    runs = [shlex.split(line, comments=True) for line in PAGE.splitlines() if line.startswith("docker run")]
    assert runs and all(words[words.index("stylegan-pl") + 1] in VERBS for words in runs)
