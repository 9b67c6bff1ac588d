"""Grid search: every combination of values that were typed with commas, `choice(…)` or `range(…)`."""

import itertools
import logging
from collections.abc import Sequence
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.types import HydraContext

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.folder import alone_in
from stylegan_pl.runs.status import read_status
from stylegan_pl.sweeps.job_folder import folder_name, is_a_studys
from stylegan_pl.sweeps.jobs import are_same, ended_well, launch, refuse_anothers, refuse_used_folders
from stylegan_pl.sweeps.summary import exit_code, summary
from stylegan_pl.sweeps.sweeper import JobSweeper

_log = logging.getLogger(__name__)


class GridSweeper(JobSweeper):
    """Hydra's basic sweeper, but with folders 000, 001, … and a summary, and it continues after a failed job.

    With `resume=auto`, finished jobs are skipped, so the same command continues an interrupted sweep.

    Args:
        params: key -> values, as typed; the command line overrides them.
        stop_on_failure: start no more jobs after one has failed.
    """

    def __init__(self, *, params: dict[str, str] | None = None, stop_on_failure: bool = False) -> None:
        self.params, self.stop_on_failure = dict(params or {}), stop_on_failure

    def sweep(self, arguments: list[str]) -> None:
        """Run all jobs, and set the task's exit code."""
        sweep_dir = self.folder
        jobs = list(enumerate(combinations(parse([*params_as_typed(self.params), *arguments], self.hydra_context))))
        self.validate_batch_is_legal([overrides for _, overrides in jobs])
        with alone_in(sweep_dir, doing="sweep runs", option="hydra.sweep.dir"):
            self._run(jobs, sweep_dir)

    def _run(self, jobs: list[tuple[int, list[str]]], sweep_dir: Path) -> None:
        left = self._left(jobs, sweep_dir)
        self.write_config()
        try:
            for batch in [[job] for job in left] if self.stop_on_failure else [left]:
                launch(self.launcher, batch, sweep_dir)
                if self.stop_on_failure and not ended_well(sweep_dir / folder_name(batch[0][0])):
                    _log.info("stopping: job %s failed, and sweep.stop_on_failure=true", folder_name(batch[0][0]))
                    break
        finally:
            numbers = [number for number, _ in jobs]
            print(summary(sweep_dir, numbers))
            self.task.sweep_code = exit_code(sweep_dir, numbers)

    def _left(self, jobs: list[tuple[int, list[str]]], sweep_dir: Path) -> list[tuple[int, list[str]]]:
        if is_a_studys(sweep_dir):
            raise ConfigError(f"{sweep_dir} holds a study of sweep=optuna; type another hydra.sweep.dir for this grid")
        if self.config.get("resume") != "auto":
            refuse_used_folders([sweep_dir / folder_name(number) for number, _ in jobs])
            return jobs
        for number, overrides in jobs:
            refuse_anothers(sweep_dir / folder_name(number), overrides)
        ended = [
            number for number, overrides in jobs
            if ended_well(folder := sweep_dir / folder_name(number))
            and are_same(read_status(folder)["overrides"], overrides)
        ]  # fmt: skip
        if ended:
            _log.info("%d of %d jobs have ended already", len(ended), len(jobs))
        return [job for job in jobs if job[0] not in ended]


def params_as_typed(params: dict[str, str]) -> list[str]:
    """`sweep.params` as overrides.

    Raises:
        ConfigError: a value is not a text, number or list.
    """
    for key, value in params.items():
        if isinstance(value, dict):
            raise ConfigError(f"sweep.params.{key}: type what the command line would take, as in {key}: choice(1,2)")
    return [f"{key}={_as_typed(value)}" for key, value in params.items()]


def _as_typed(value: object) -> str:
    if isinstance(value, list):
        return f"choice({','.join(str(element) for element in value)})"
    return str(value)


def parse(arguments: list[str], context: HydraContext) -> list[Override]:
    """Overrides, the last of each key only."""
    parsed = OverridesParser.create(config_loader=context.config_loader).parse_overrides(arguments)
    return list({override.get_key_element(): override for override in parsed}.values())


def combinations(overrides: Sequence[Override]) -> list[list[str]]:
    """The product of all sweeps, the last key changing fastest.

    Raises:
        ConfigError: an `interval(…)`, which has infinitely many values.
    """
    choices: list[list[str]] = []
    for override in overrides:
        key = override.get_key_element()
        if override.is_discrete_sweep():
            choices.append([f"{key}={value}" for value in override.sweep_string_iterator()])
        elif override.is_sweep_override():
            raise ConfigError(
                f"{override.input_line}: an interval needs a search; type sweep=optuna, too, or choice(…)"
            )
        else:
            choices.append([override.input_line or key])
    return [list(combination) for combination in itertools.product(*choices)]
