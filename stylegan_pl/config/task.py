"""The function that Hydra calls with each composed config: one run, or a job of a sweep with a status file."""

import dataclasses
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.errors import InstantiationException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl.config.check_numbers import check_deep_numbers, check_image_size, check_ranges
from stylegan_pl.config.failure_line import code_and_line, holds_too_little
from stylegan_pl.config.named_today import as_named_today
from stylegan_pl.config.near_names import ours_of_value
from stylegan_pl.config.unknown_key import no_option, not_the_verbs
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.runs.folder import alone_in, lock_of
from stylegan_pl.runs.masked import masked
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.ranks import is_first
from stylegan_pl.runs.status import read_status, replace_status, write_status
from stylegan_pl.sweeps.jobs import say_failed

_UNFIT = (ImportError, MemoryError)  # of a library that does not fit into memory, such as torch

Function = Callable[[DictConfig], int]
"""A composed config -> exit code, or an `Outcome`, whose score a sweeper gets."""


class Task:
    """The function that Hydra calls with each composed config: once, or for every job of a sweep, in any process.

    Args:
        name: of the verb.
        function: the verb's function.
    """

    def __init__(self, name: str, function: Function, *, debug: bool) -> None:
        self.name, self.function, self.debug = name, function, debug
        self.begun = False
        self.codes: list[int] = []
        self.failures: list[BaseException] = []
        self.facts: dict[str, Any] = {}  # facts of the last result
        self.sweep_code: int | None = None  # exit code of a sweep; set by our sweepers

    def __call__(self, config: DictConfig) -> float | None:
        """Run the verb; returns its score, if it has one."""
        self.begun = True
        as_named_today(config)
        if self.name == "train" and HydraConfig.get().mode == RunMode.MULTIRUN and is_first():
            return self._job(config)
        try:
            return self._finished(self._run(config))
        except (UserError, InstantiationException, OmegaConfBaseException, KeyboardInterrupt, *_UNFIT) as error:
            if isinstance(error, _UNFIT) and not holds_too_little(error):
                raise
            self.failures.append(error)  # kept here, because Hydra would print its own line first
            if self.debug:
                traceback.print_exc()
            self.codes.append(1)
            _leave_no_folder()
        except SystemExit:  # a signal told it to end, perhaps before the run began
            logging.getLogger("torch").setLevel(logging.WARNING)  # torch says more if its import was interrupted
            _leave_no_folder()
            raise
        return None

    def check(self, config: DictConfig) -> None:
        """Raise for a wrong key or type, before anything is built."""
        from stylegan_pl.config.check_keys import check_config  # imported here, because pydantic is slow to import

        as_named_today(config)
        check_root(config, self.name)
        check_config(config)

    def _run(self, config: DictConfig) -> int:
        check_root(config, self.name)
        return self.function(config)

    def _finished(self, outcome: int) -> float | None:
        self.codes.append(int(outcome))
        self.facts = outcome.facts if isinstance(outcome, Outcome) else {}
        return outcome.score if isinstance(outcome, Outcome) else None

    def _job(self, config: DictConfig) -> float | None:
        """Run one job of a sweep; its folder always records how it ended, and the sweep can continue.

        Raises:
            SystemExit: the job was preempted, and with it the sweep.
            KeyboardInterrupt: likewise.
        """
        settings = HydraConfig.get()
        folder = Path(settings.runtime.output_dir)
        os.environ.setdefault("WANDB_RUN_GROUP", folder.parent.name)  # logger.wandb.group overrides it
        with ExitStack() as held:
            try:
                held.enter_context(alone_in(folder))
            except ConfigError as error:  # another process uses the folder: write nothing there
                say_failed(folder.name, str(error))
                self.codes.append(error.exit_code)
                return None
            return self._job_in(folder, config, _typed_overrides(list(settings.overrides.task)))

    def _job_in(self, folder: Path, config: DictConfig, overrides: list[str]) -> float | None:
        before, used = read_status(folder), (folder / "checkpoints" / "last.ckpt").exists()
        facts = {"overrides": masked(overrides), "error": None, "traceback": None, "pruned": None}
        write_status(folder, state="running", pid=os.getpid(), **facts)
        started = time.monotonic()
        try:
            outcome = self._run(config)
        except KeyboardInterrupt:
            write_status(folder, state="interrupted", exit_code=130)
            raise
        except Exception as error:  # whatever it is, it is recorded in status.json and the log
            code, line = code_and_line(error)
            if isinstance(error, ConfigError) and used:  # refused: the folder's status is another job's
                replace_status(folder, before)
            else:
                text = traceback.format_exc()
                write_status(folder, state="failed", error=line.removeprefix("error: "), traceback=text, exit_code=code)
            if self.debug or not isinstance(error, UserError | InstantiationException):
                traceback.print_exc()
            say_failed(folder.name, line.removeprefix("error: "))
            self.codes.append(code)
            return None
        seconds = read_status(folder).get("seconds") or round(time.monotonic() - started, 1)  # a training has its own
        score = self._finished(outcome)
        states = {0: "pruned" if read_status(folder).get("pruned") else "done", 75: "preempted", 130: "interrupted"}
        write_status(folder, state=states[int(outcome)], score=score, exit_code=int(outcome), seconds=seconds)
        if outcome == 130:
            raise KeyboardInterrupt
        if outcome == 75:
            sys.exit(75)
        return score


def _leave_no_folder() -> None:
    """Remove the dated folder that Hydra made for a run that did not start, and empty folders above it."""
    settings = HydraConfig.get()
    if any(word.startswith("hydra.run.dir=") for word in settings.overrides.hydra) or not is_first():
        return  # the user's own folder
    folder = Path(settings.runtime.output_dir)
    if folder == Path.cwd():
        return  # most verbs work in the current folder
    ours = {folder / f"{settings.job.name}.log", lock_of(folder)}  # its lines were printed on the terminal
    if not folder.is_dir() or not ours.issuperset(folder.iterdir()):
        return
    for handler in list(logging.root.handlers):
        if isinstance(handler, logging.FileHandler) and Path(handler.baseFilename) in ours:
            logging.root.removeHandler(handler)  # a later line would look for its folder
            handler.close()
    with suppress(OSError, ConfigError), alone_in(folder):  # another run that started in the same second may use it
        for path in ours:
            path.unlink(missing_ok=True)
        for made in (folder, *folder.parents[:3]):  # outputs/train/NAME/DATE
            made.rmdir()


def _typed_overrides(overrides: list[str]) -> list[str]:
    """The overrides of a job, without those that sweepers add."""
    return [text for text in overrides if not text.startswith(("hydra.", "callbacks.pruning.trial="))]


def check_root(config: DictConfig, name: str) -> None:
    """Check the root config; a `+key` on the command line could add a key that nothing reads."""
    schema = VERBS[name].schema
    assert schema is not None
    known = {f.name: f for f in dataclasses.fields(schema)}
    for key in config:
        if key not in known:
            if HydraConfig.initialized() and HydraConfig.get().job.config_name != name:
                raise ConfigError(not_the_verbs(name, str(key)))
            raise ConfigError(no_option(name, str(key), known))
    if "image_size" in known and (config.image_size is not None or known["image_size"].default is not None):
        check_image_size(config.image_size)
    check_ranges(config)
    check_deep_numbers(config)
    _check_parts(config)


def _check_parts(config: DictConfig) -> None:
    """Raise for a plain value in the place of a part, such as model.generator=resnet_9blocks or callbacks.live=false.

    A group puts a part there, with a class and options of its own; nothing else can be built.
    """
    chosen = HydraConfig.get().runtime.choices if HydraConfig.initialized() else {}
    for choice, option in chosen.items():
        group, _, place = str(choice).partition("@")
        place = (place or group).replace("/", ".")
        part = OmegaConf.select(config, place, throw_on_missing=False)
        if part is not None and not OmegaConf.is_config(part):
            known = ours_of_value(group, str(part)) or f"{choice}={option}"
            raise ConfigError(f"{place}={part}: a part is chosen by its group; type {known}")
    for group in ("callbacks", "logger", "metric", "image_loss"):
        parts = config.get(group)
        for name in parts if OmegaConf.is_dict(parts) else ():
            if not OmegaConf.is_config(parts[name]):
                raise ConfigError(
                    f"{group}.{name}={parts[name]}: that is a part with options of its own; to leave it out, type "
                    f"'~{group}.{name}'"
                )
