"""The command line of all verbs: composed by Hydra, with one-line errors and exit codes."""

import os
import re
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException
from hydra.utils import get_method
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl import __version__
from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.explain import explain
from stylegan_pl.config.failure_line import code_and_line
from stylegan_pl.config.json_result import json_on_stdout
from stylegan_pl.config.run_name import name_overrides
from stylegan_pl.config.streams import tolerant_streams
from stylegan_pl.config.task import Function, Task
from stylegan_pl.config.typed_budget import budget_overrides
from stylegan_pl.config.verbs import VERBS, register
from stylegan_pl.errors import ConfigError, UserError, exit_with
from stylegan_pl.sweeps.plugins import make_known

_WITH_JSON = ("stylize", "evaluate")

EXTRAS = {"hydra/launcher/joblib": ("joblib", "sweep"), "hydra/launcher/submitit_slurm": ("slurm", "slurm")}
"""Config that Hydra misses if an extra is not installed -> (launcher, extra)."""


def run_verb(name: str, function: Function | None = None, *, words: Sequence[str] | None = None) -> NoReturn:
    """Compose `conf/<name>.yaml` with the command line, run the verb, and exit with its code.

    0 done · 1 failed · 2 the command line or a config is wrong · 75 preempted · 130 interrupted. Errors that a user
    can correct are one line on stderr; `debug=true` adds the traceback. Bugs always show one. A sweep's code is the
    largest of its jobs'.

    Args:
        function: called with the composed config; None: the verb's function of the table.
        words: the command line after the verb; None: this process's.
    """
    words = list(sys.argv[1:] if words is None else words)
    with tolerant_streams():
        if "--version" in words:
            print(f"stylegan_pl {__version__}")  # otherwise Hydra prints its own version
            sys.exit(0)
        _run_verb(name, function, words)


def _run_verb(name: str, function: Function | None, words: list[str]) -> NoReturn:
    register()
    make_known()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra raises its exceptions instead of printing them
    switches = [word for word in words if re.fullmatch("debug=(true|false)", word, re.IGNORECASE)]
    debug = "debug=true" in map(str.lower, switches)
    words = [word for word in words if word not in switches]  # Hydra knows `debug` as a group (+debug=smoke)
    task = Task(name, function or get_method(VERBS[name].function), debug=debug)
    with _asked_for_json(task, words):
        try:
            words = for_hydra([word for word in words if word != "--json"], name)
            typed = [place for place, word in enumerate(words) if "=" in word and not word.startswith("-")]
            end = typed[-1] + 1 if typed else 0  # argparse needs all overrides next to each other
            words[end:end] = [*name_overrides(words), *budget_overrides(words)] if name == "train" else []
        except ConfigError as error:
            exit_with(error.exit_code, f"error: {error}")
        with _typed(words):
            _run(task, words)
        sys.exit(max(task.sweep_code or 0, *task.codes, 0))


@contextmanager
def _asked_for_json(task: "Task", words: Sequence[str]) -> Iterator[None]:
    if "--json" not in words:
        yield
        return
    if task.name not in _WITH_JSON:
        exit_with(2, f"error: --json works with {' and '.join(_WITH_JSON)}; leave it out")
    if "output=-" in words:
        exit_with(2, "error: output=- and --json both want standard output; type output=FILE")
    with json_on_stdout(lambda: task.facts):
        yield


@contextmanager
def _typed(words: Sequence[str]) -> Iterator[None]:
    """Set this process's command line, the only one that `hydra.main` reads."""
    before = sys.argv
    sys.argv = [before[0], *words]
    try:
        yield
    finally:
        sys.argv = before


def _run(task: "Task", words: Sequence[str]) -> None:
    """Exit with one line if something failed."""
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=task.name)(task)()
    except (UserError, KeyboardInterrupt) as error:  # raised by a sweeper
        task.failures.append(error)
        if task.debug:
            traceback.print_exc()
    except (HydraException, OmegaConfBaseException) as error:
        if task.debug:
            traceback.print_exc()
        exit_with(2, f"error: {_explained(error, task.name, words)}")
    except OSError as error:
        if task.begun or error.filename is None:
            raise
        option = "hydra.sweep.dir" if {"-m", "--multirun"} & set(words) else "hydra.run.dir"  # Hydra's folder
        exit_with(2, f"error: {error.filename}: cannot be made ({error.strerror}); type another {option}=")
    for failure in task.failures:
        if isinstance(failure, OmegaConfBaseException):
            exit_with(2, f"error: {_explained(failure, task.name, words)}")
        exit_with(*code_and_line(failure))


def _explained(error: Exception, name: str, words: Sequence[str]) -> str:
    missing = error.missing_cfg_file if isinstance(error, MissingConfigException) else None
    if missing in EXTRAS:
        launcher, extra = EXTRAS[str(missing)]
        return f"launcher={launcher} is an extra; type: pip install 'stylegan-pl[{extra}]'"
    return explain(error, _overrides(words), lambda overrides: _compose(name, overrides), name)


def _overrides(words: Sequence[str]) -> list[str]:
    """The overrides of the command line without swept values, which fit no single config."""
    typed = [word for word in words if "=" in word and not word.startswith("-")]
    return [text for text in typed if not _is_swept(text)]


def _is_swept(text: str) -> bool:
    try:
        return OverridesParser.create().parse_override(text).is_sweep_override()
    except HydraException:
        return False


def _compose(name: str, overrides: list[str]) -> DictConfig:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose(name, overrides=overrides, return_hydra_config=True)
