"""Verbs in processes of their own that need not import torch and Lightning first, which takes longer than the rest.

A process that has imported them and run nothing is forked for each command line (multiprocessing's fork server). What
is told before torch is imported, and that a verb starts from nothing, is tested with `fitting.command`.
"""

import multiprocessing
import os
import runpy
import subprocess
import sys
import time
import warnings
from multiprocessing import forkserver
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import pytest
from fitting import environment_of

IMPORTED = ["stylegan_pl.training.run", "stylegan_pl.evaluation.assess", "stylegan_pl.preparing.examine"]
IMPORTED += ["stylegan_pl.stylizing.pictures", "stylegan_pl.config.check_keys", "stylegan_pl.config.check_parts"]
IMPORTED += ["torchvision", "read_before"]  # and no verb: it is __main__


def start_server() -> None:
    """Start the fork server, unless it runs: it imports what the first who starts it says, and the package starts one.

    It does not take over `sys.path`, and is silent where an import fails.
    """
    multiprocessing.set_forkserver_preload(IMPORTED)
    here = Path(__file__).parent
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("PYTHONPATH", os.pathsep.join(map(str, (here, here.parent))))
        forkserver.ensure_running()


class Started:
    """A verb that runs; what it says goes to two files."""

    def __init__(self, *arguments: str, cwd: Path, **environment: str) -> None:
        start_server()
        context: Any = multiprocessing.get_context("forkserver")
        self.arguments = arguments
        self.said = [cwd / f".said-{time.monotonic_ns()}-{name}" for name in ("out", "err")]
        self.process: ForkServerProcess = context.Process(
            target=_run, args=(arguments, cwd, environment_of(cwd) | environment, self.said)
        )
        self.process.start()

    def ended(self, *, within_s: float) -> subprocess.CompletedProcess[str]:
        """As `subprocess.run` has it.

        Raises:
            subprocess.TimeoutExpired: it is killed.
        """
        self.process.join(within_s)
        if (code := self.process.exitcode) is None:
            self.process.kill()
            raise subprocess.TimeoutExpired(self.arguments, within_s)
        out, err = (path.read_text() for path in self.said)
        for path in self.said:
            path.unlink()
        return subprocess.CompletedProcess(self.arguments, code, out, err)


def preloaded(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`fitting.command`, of a process that has imported what is slow to import."""
    return Started(*arguments, cwd=cwd, **environment).ended(within_s=300)


def _run(arguments: tuple[str, ...], cwd: Path, environment: dict[str, str], said: list[Path]) -> None:
    """In the forked process: become `python -m stylegan_pl.…`."""
    for descriptor, path in enumerate(said, start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(cwd)
    module, *typed = arguments
    sys.argv = [module, *typed]
    warnings.filterwarnings("ignore", message=".*found in sys.modules after import")  # read_before imports the verbs
    runpy.run_module(module, run_name="__main__", alter_sys=True)
