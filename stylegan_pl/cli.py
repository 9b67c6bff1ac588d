"""What all verbs share: Hydra's composition, errors in one line, exit codes."""

import dataclasses
import os
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.explain import explain, nearest
from stylegan_pl.paths import conf_dir
from stylegan_pl.schema import SCHEMAS, register

Verb = Callable[[DictConfig], int]
"""A composed config -> exit code."""


def run_verb(config_name: str, verb: Verb) -> NoReturn:
    """Compose `conf/<config_name>.yaml` with the command line, run the verb, and leave with its exit code.

    0 done · 1 failed · 2 the command line or a config is wrong · 75 preempted · 130 interrupted. Errors that a user
    can mend are one line on stderr; `debug=true` adds the traceback. Bugs of ours always show theirs.
    """
    register()
    debug = "debug=true" in sys.argv  # taken out here: `debug` is also a group, for +debug=smoke
    sys.argv = [argument for argument in sys.argv if argument not in ("debug=true", "debug=false")]
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its exceptions on instead of printing them
    codes: list[int] = []
    failures: list[BaseException] = []

    def task(config: DictConfig) -> int:
        try:
            _check_root(config, config_name)
            codes.append(verb(config))
        except (UserError, InstantiationException, KeyboardInterrupt) as error:
            failures.append(error)  # kept here: Hydra would print its own line about it first
            if debug:
                traceback.print_exc()
            codes.append(1)
        return codes[-1]

    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=config_name)(task)()
    except KeyboardInterrupt as error:
        failures.append(error)
    except (HydraException, OmegaConfBaseException) as error:
        if debug:
            traceback.print_exc()
        _leave(2, f"error: {explain(error, _overrides(), lambda overrides: _compose(config_name, overrides))}")
    for failure in failures:
        _leave(*_said(failure))
    sys.exit(max(codes, default=0))


def _said(failure: BaseException) -> tuple[int, str]:
    """(exit code, line) of what the user can mend."""
    if isinstance(failure, KeyboardInterrupt):
        return 130, "interrupted"
    cause = failure.__cause__ if isinstance(failure, InstantiationException) else failure
    if isinstance(cause, UserError):
        return cause.exit_code, f"error: {cause}"
    # a constructor's own complaint, with the place of its node in the config
    place = next((line.split(":", 1)[1].strip() for line in str(failure).splitlines() if "full_key" in line), "config")
    return 2, f"error: {place}: {str(cause).splitlines()[0]}"


def _leave(code: int, line: str) -> NoReturn:
    print(line, file=sys.stderr)
    sys.exit(code)


def _check_root(config: DictConfig, config_name: str) -> None:
    """A plus on the command line adds to a typed root, too; nobody would read the key."""
    known = [f.name for f in dataclasses.fields(SCHEMAS[config_name])]
    for key in config:
        if key not in known:
            raise ConfigError(f"no option '{key!s}'{nearest(str(key), known)}")


def _overrides() -> list[str]:
    return [argument for argument in sys.argv[1:] if "=" in argument and not argument.startswith("-")]


def _compose(config_name: str, overrides: list[str]) -> DictConfig:
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        return compose(config_name, overrides=overrides, return_hydra_config=True)
