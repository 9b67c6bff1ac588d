"""What all verbs share: Hydra's composition, errors in one line, exit codes, and what becomes of a sweep's jobs."""

import dataclasses
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, InstantiationException, MissingConfigException
from hydra.types import RunMode
from hydra.utils import get_method
from omegaconf import DictConfig, ListConfig
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl import __version__
from stylegan_pl.config.command_line import for_hydra
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.explain import explain, no_option, not_the_verbs
from stylegan_pl.config.json_result import json_on_stdout
from stylegan_pl.config.run_name import name_overrides
from stylegan_pl.config.schema import check_counts, check_image_size, check_ranges
from stylegan_pl.config.verbs import VERBS, register
from stylegan_pl.errors import ConfigError, UserError, first_line, leave
from stylegan_pl.runs.folder import alone_in, lock_of
from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.runs.ranks import is_first
from stylegan_pl.runs.renamed import new_name, removed
from stylegan_pl.runs.status import read_status, replace_status, write_status
from stylegan_pl.sweeps.jobs import say_failed
from stylegan_pl.sweeps.plugins import make_known

Function = Callable[[DictConfig], int]
"""A composed config -> exit code, or an `Outcome`, whose score a sweeper gets."""

_log = logging.getLogger(__name__)

_WITH_JSON = ("stylize", "evaluate")

EXTRAS = {"hydra/launcher/joblib": ("joblib", "sweep"), "hydra/launcher/submitit_slurm": ("slurm", "slurm")}
"""What Hydra misses where an extra is not installed -> (launcher, extra)."""


def run_verb(name: str, function: Function | None = None, *, words: Sequence[str] | None = None) -> NoReturn:
    """Compose `conf/<name>.yaml` with the command line, run the verb, and leave with its exit code.

    0 done · 1 failed · 2 the command line or a config is wrong · 75 preempted · 130 interrupted. Errors that a user
    can mend are one line on stderr; `debug=true` adds the traceback. Bugs of ours always show theirs. A sweep's code is
    the largest of its jobs'.

    Args:
        function: what runs; None: the verb's own.
        words: the command line after the verb; None: this process's.
    """
    if "--version" in (sys.argv[1:] if words is None else words):
        print(f"stylegan_pl {__version__}")  # Hydra would say its own
        sys.exit(0)
    register()
    make_known()
    os.environ["HYDRA_FULL_ERROR"] = "1"  # Hydra hands its exceptions on instead of printing them
    words = list(sys.argv[1:] if words is None else words)
    debug = "debug=true" in words  # taken out here: `debug` is also a group, for +debug=smoke
    words = [word for word in words if word not in ("debug=true", "debug=false")]
    task = Task(name, function or get_method(VERBS[name].function), debug=debug)
    with _asked_for_json(task, words):
        try:
            words = for_hydra([word for word in words if word != "--json"], name)
            typed = [place for place, word in enumerate(words) if "=" in word and not word.startswith("-")]
            end = typed[-1] + 1 if typed else 0  # argparse wants all of them side by side
            words[end:end] = name_overrides(words) if name == "train" else []
        except ConfigError as error:
            leave(error.exit_code, f"error: {error}")
        with _typed(words):
            _run(task, words)
        sys.exit(max(task.sweep_code or 0, *task.codes, 0))


@contextmanager
def _asked_for_json(task: "Task", words: Sequence[str]) -> Iterator[None]:
    if "--json" not in words:
        yield
        return
    if task.name not in _WITH_JSON:
        leave(2, f"error: --json goes with {' and '.join(_WITH_JSON)}; take it away")
    if "output=-" in words:
        leave(2, "error: output=- and --json both want standard output; type output=FILE")
    with json_on_stdout(lambda: task.facts):
        yield


@contextmanager
def _typed(words: Sequence[str]) -> Iterator[None]:
    """`hydra.main` reads no other command line than this process's."""
    before = sys.argv
    sys.argv = [before[0], *words]
    try:
        yield
    finally:
        sys.argv = before


def _run(task: "Task", words: Sequence[str]) -> None:
    """Leave with a line where something failed."""
    try:
        hydra.main(version_base="1.3", config_path=str(conf_dir()), config_name=task.name)(task)()
    except (UserError, KeyboardInterrupt) as error:  # a sweeper's
        task.failures.append(error)
        if task.debug:
            traceback.print_exc()
    except (HydraException, OmegaConfBaseException) as error:
        if task.debug:
            traceback.print_exc()
        leave(2, f"error: {_explained(error, task.name, words)}")
    except OSError as error:
        if task.begun or error.filename is None:
            raise
        option = "hydra.sweep.dir" if {"-m", "--multirun"} & set(words) else "hydra.run.dir"  # Hydra makes the folder
        leave(2, f"error: {error.filename}: cannot be made ({error.strerror}); type another {option}")
    for failure in task.failures:
        if isinstance(failure, OmegaConfBaseException):
            leave(2, f"error: {_explained(failure, task.name, words)}")
        leave(*_said(failure))


def as_named_today(config: DictConfig) -> None:
    """Give a composed config, in place, the classes and options of today: a run's config.yaml may be an older one."""
    waiting: list[Any] = [config]
    while waiting:
        node = waiting.pop()
        if isinstance(node, DictConfig) and not node._is_none() and not node._is_missing():
            children: dict[Any, Any] = {key: node._get_node(key) for key in node}
        elif isinstance(node, ListConfig) and not node._is_none() and not node._is_missing():
            children = {place: node._get_node(place) for place in range(len(node))}
        else:
            continue
        waiting += children.values()
        target = children.get("_target_")
        if target is not None and isinstance(target._value(), str):
            target._set_value(new_name(target._value()))
            for key in children:
                if (instead := removed(target._value(), str(key))) is not None:
                    _log.warning("%s is no longer an option: %s", node._get_full_key(key), instead)
                    del node.__dict__["_content"][key]  # whatever flags the node has


class Task:
    """What Hydra calls with each composed config: once, or as every job of a sweep, there maybe in another process.

    Args:
        name: of the verb.
        function: what it does.
    """

    def __init__(self, name: str, function: Function, *, debug: bool) -> None:
        self.name, self.function, self.debug = name, function, debug
        self.begun = False
        self.codes: list[int] = []
        self.failures: list[BaseException] = []
        self.facts: dict[str, Any] = {}  # of what was made last
        self.sweep_code: int | None = None  # a sweeper of ours puts it here

    def __call__(self, config: DictConfig) -> float | None:
        """Run the verb; returns its score, if it has one."""
        self.begun = True
        as_named_today(config)
        if self.name == "train" and HydraConfig.get().mode == RunMode.MULTIRUN and is_first():
            return self._job(config)
        try:
            return self._finished(self._run(config))
        except (UserError, InstantiationException, OmegaConfBaseException, KeyboardInterrupt) as error:
            self.failures.append(error)  # kept here: Hydra would print its own line about it first
            if self.debug:
                traceback.print_exc()
            self.codes.append(1)
            _leave_no_folder()
        return None

    def check(self, config: DictConfig) -> None:
        """Raise for a wrong key or type, before anything is built."""
        from stylegan_pl.config.check_keys import check_config  # here: pydantic takes its time

        as_named_today(config)
        _check_root(config, self.name)
        check_config(config)

    def _run(self, config: DictConfig) -> int:
        _check_root(config, self.name)
        return self.function(config)

    def _finished(self, outcome: int) -> float | None:
        self.codes.append(int(outcome))
        self.facts = outcome.facts if isinstance(outcome, Outcome) else {}
        return outcome.score if isinstance(outcome, Outcome) else None

    def _job(self, config: DictConfig) -> float | None:
        """One job of a sweep: whatever happens, its folder says how it ended, and the sweep can go on.

        Raises:
            SystemExit: the job was preempted, and with it the sweep.
            KeyboardInterrupt: likewise.
        """
        settings = HydraConfig.get()
        folder = Path(settings.runtime.output_dir)
        os.environ.setdefault("WANDB_RUN_GROUP", folder.parent.name)  # logger.wandb.group goes before
        with ExitStack() as held:
            try:
                held.enter_context(alone_in(folder))
            except ConfigError as error:  # another's folder: nothing is written there
                say_failed(folder.name, str(error))
                self.codes.append(error.exit_code)
                return None
            return self._job_in(folder, config, _told(list(settings.overrides.task)))

    def _job_in(self, folder: Path, config: DictConfig, overrides: list[str]) -> float | None:
        before, used = read_status(folder), (folder / "checkpoints" / "last.ckpt").exists()
        facts = {"overrides": overrides, "error": None, "traceback": None, "pruned": None}
        write_status(folder, state="running", pid=os.getpid(), **facts)
        started = time.monotonic()
        try:
            outcome = self._run(config)
        except KeyboardInterrupt:
            write_status(folder, state="interrupted", exit_code=130)
            raise
        except Exception as error:  # whatever ends a run: its status and log say so
            code, line = _said(error)
            if isinstance(error, ConfigError) and used:  # refused: what the folder says is another job's
                replace_status(folder, before)
            else:
                text = traceback.format_exc()
                write_status(folder, state="failed", error=line.removeprefix("error: "), traceback=text, exit_code=code)
            if self.debug or not isinstance(error, UserError | InstantiationException):
                traceback.print_exc()
            say_failed(folder.name, line.removeprefix("error: "))
            self.codes.append(code)
            return None
        seconds = round(time.monotonic() - started, 1)
        score = self._finished(outcome)
        states = {0: "pruned" if read_status(folder).get("pruned") else "done", 75: "preempted", 130: "interrupted"}
        write_status(folder, state=states[int(outcome)], score=score, exit_code=int(outcome), seconds=seconds)
        if outcome == 130:
            raise KeyboardInterrupt
        if outcome == 75:
            sys.exit(75)
        return score


def _leave_no_folder() -> None:
    """Remove the dated folder that Hydra made for a run that never began, and those above that are empty then."""
    settings = HydraConfig.get()
    if any(word.startswith("hydra.run.dir=") for word in settings.overrides.hydra) or not is_first():
        return  # somebody's own
    folder = Path(settings.runtime.output_dir)
    if folder == Path.cwd():
        return  # most verbs work where they were typed
    ours = {folder / f"{settings.job.name}.log", lock_of(folder)}  # what it says was said on the terminal
    if not folder.is_dir() or not ours.issuperset(folder.iterdir()):
        return
    with suppress(OSError):
        for path in ours:
            path.unlink(missing_ok=True)
        for made in (folder, *folder.parents[:3]):  # outputs/train/NAME/DATE
            made.rmdir()


def _told(overrides: list[str]) -> list[str]:
    """What tells a job from others, less what sweepers add."""
    return [text for text in overrides if not text.startswith(("hydra.", "callbacks.pruning.trial="))]


def _said(failure: BaseException) -> tuple[int, str]:
    """(exit code, line) of a failure, first what the user can mend."""
    if isinstance(failure, KeyboardInterrupt):
        return 130, "interrupted"
    cause = (failure.__cause__ or failure) if isinstance(failure, InstantiationException) else failure
    place = next((line.split(":", 1)[1].strip() for line in str(failure).splitlines() if "full_key" in line), "config")
    place = place.replace("callbacks.evaluation.metrics.", "metric.")  # where it was typed
    if isinstance(cause, UserError):
        return cause.exit_code, f"error: {_where_it_is(cause, place)}"
    if not isinstance(failure, InstantiationException):
        return 1, f"error: {type(failure).__name__}: {first_line(failure)}"
    # a constructor's own complaint, with the place of its node in the config
    return 2, f"error: {place}: {first_line(cause)}"


def _where_it_is(error: UserError, place: str) -> UserError:
    """Missing weights, told of the metric that wants them: every network knows its usual place alone."""
    if not place.startswith(("metric.", "content_loss.")):
        return error
    from stylegan_pl.nn.pretrained.weights import WeightsError  # torch is imported by now, whoever says so

    return error.at(place) if isinstance(error, WeightsError) else error


def _explained(error: Exception, name: str, words: Sequence[str]) -> str:
    missing = error.missing_cfg_file if isinstance(error, MissingConfigException) else None
    if missing in EXTRAS:
        launcher, extra = EXTRAS[str(missing)]
        return f"launcher={launcher} is an extra; type: pip install 'stylegan-pl[{extra}]'"
    return explain(error, _overrides(words), lambda overrides: _compose(name, overrides), name)


def _check_root(config: DictConfig, name: str) -> None:
    """A plus on the command line adds to a typed root, too; nobody would read the key."""
    schema = VERBS[name].schema
    assert schema is not None
    known = [f.name for f in dataclasses.fields(schema)]
    for key in config:
        if key not in known:
            if HydraConfig.initialized() and HydraConfig.get().job.config_name != name:
                raise ConfigError(not_the_verbs(name, str(key)))
            raise ConfigError(no_option(name, str(key), known))
    if config.get("image_size") is not None:
        check_image_size(config.image_size)
    check_ranges(config)
    check_counts(config)


def _overrides(words: Sequence[str]) -> list[str]:
    """The command line's, less what is swept: a list of values fits no single config."""
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
