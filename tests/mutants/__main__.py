"""`python tests/mutants [words]`: plants bugs one at a time and runs the unit tests beside each; some must fail.

By hand, where tests or what they test were changed: a bug that survives is a sentence that no test says. Bugs are text
(bugs.yaml), replaced when the file is imported, so nothing on disk is touched. What takes long to import is imported
once; each bug then has a process of its own.

Exit codes: 0 where at least 95 % are caught, 1 where fewer are, 2 where a bug is out of date with its file.
"""

import importlib.abc
import importlib.machinery
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import lightning  # noqa: E402, F401  # these once, for all bugs
import pytest  # noqa: E402
import scipy.stats  # noqa: E402, F401
import skimage.color  # noqa: E402, F401
import torchmetrics  # noqa: E402, F401
import torchvision  # noqa: E402, F401
from omegaconf import OmegaConf  # noqa: E402

WANTED = 0.95  # of all bugs are to be caught
LONGEST_S = 300  # of the tests of one bug; who never ends is caught
BROKEN = 2  # pytest's code where the tests could not be collected: the bug is no bug but nonsense


class Bug(NamedTuple):
    """One change of text."""

    file: str  # below stylegan_pl/
    what: str  # goes wrong
    old: str  # stands in the file once
    new: str  # in its place


LISTED: Any = OmegaConf.to_container(OmegaConf.load(HERE / "bugs.yaml"))
BUGS = [Bug(file, **bug) for file, bugs in LISTED["bugs"].items() for bug in bugs]


class Planted(importlib.abc.MetaPathFinder, importlib.machinery.SourceFileLoader):
    """Finds and loads one module with its text changed."""

    def __init__(self, bug: Bug) -> None:
        self.bug = bug
        super().__init__("stylegan_pl." + bug.file.removesuffix(".py").replace("/", "."), str(source_of(bug)))

    def find_spec(self, fullname, path=None, target=None):  # type: ignore[no-untyped-def]
        """The module's, and nobody else's."""
        if fullname != self.name:
            return None
        return importlib.machinery.ModuleSpec(fullname, self, origin=self.path)

    def get_code(self, fullname: str) -> CodeType:
        """Of the changed text; nothing is cached."""
        text = Path(self.path).read_text(encoding="utf-8").replace(self.bug.old, self.bug.new)
        return compile(text, self.path, "exec")


def source_of(bug: Bug) -> Path:
    """The file that it is planted in."""
    return ROOT / "stylegan_pl" / bug.file


def is_current(bug: Bug) -> bool:
    """Whether what it replaces is there, once."""
    path = source_of(bug)
    return path.exists() and path.read_text(encoding="utf-8").count(bug.old) == 1


def tests_of(bug: Bug) -> list[str]:
    """The files beside it."""
    place = max((place for place in LISTED["tests"] if bug.file.startswith(place)), key=len)
    return [str(ROOT / "tests" / path) for path in LISTED["tests"][place]]


def code_of_tests(tests: Sequence[str], bug: Bug | None) -> tuple[int, str]:
    """pytest's exit code, and the last line that it said; in a process of its own."""
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        child = os.fork()
        if child == 0:
            _become_pytest(tests, bug, said.fileno())
        ends = time.monotonic() + LONGEST_S
        while True:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            if time.monotonic() > ends:
                os.killpg(child, signal.SIGKILL)
                os.waitpid(child, 0)
                return 1, f"did not end in {LONGEST_S} s"
            time.sleep(0.05)
        said.seek(0)
        failed = [line for line in said.read().splitlines() if line.startswith(("FAILED", "ERROR"))]
    return os.waitstatus_to_exitcode(status), failed[0] if failed else ""


def _become_pytest(tests: Sequence[str], bug: Bug | None, said: int) -> None:
    os.setsid()
    for descriptor in (1, 2):
        os.dup2(said, descriptor)
    if bug is not None:
        sys.meta_path.insert(0, Planted(bug))
    os.chdir(ROOT)
    code = pytest.main(["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-o", "addopts=", "-m", "not slow", *tests])
    sys.stdout.flush()
    os._exit(int(code))


def main(words: Sequence[str]) -> int:
    """Those bugs whose file or description has all the words."""
    bugs = [bug for bug in BUGS if all(word in f"{bug.file} {bug.what}" for word in words)]
    stale = [bug for bug in bugs if not is_current(bug)]
    for bug in stale:
        print(f"out of date  {bug.file}: {bug.what}: not there, or more than once: {bug.old!r}")
    for tests in sorted({tuple(tests_of(bug)) for bug in bugs}):
        code, first = code_of_tests(tests, None)
        if code != 0:
            print(f"without a bug, pytest {' '.join(tests)} ends with {code}: {first}")
            return 2
    survivors, broken = [], []
    for bug in bugs:
        if bug in stale:
            continue
        code, first = code_of_tests(tests_of(bug), bug)
        word = {0: "SURVIVED", 1: "caught"}.get(code, "BROKEN")
        survivors += [bug] if code == 0 else []
        broken += [bug] if code not in (0, 1) else []
        print(f"{word:9}  {bug.file}: {bug.what}   {first.removeprefix('FAILED tests/')[:100]}", flush=True)
    planted = len(bugs) - len(stale) - len(broken)
    caught = planted - len(survivors)
    print(f"{caught} of {planted} bugs caught ({caught / max(planted, 1):.0%})")
    if stale or broken:
        return 2
    return 0 if caught >= WANTED * planted else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
