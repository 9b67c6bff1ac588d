"""Search with Optuna: each trial is a job, and its value is the score of best.ckpt."""

import logging
import shlex
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.lock import holding
from stylegan_pl.runs.ranks import cores
from stylegan_pl.sweeps.grid import params_as_typed, parse
from stylegan_pl.sweeps.job_folder import folder_name
from stylegan_pl.sweeps.jobs import RESUME, ended_well, has_checkpoint, launch
from stylegan_pl.sweeps.summary import exit_code, summary
from stylegan_pl.sweeps.sweeper import JobSweeper

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial

    from stylegan_pl.sweeps.study import Direction, SharedStudy

_log = logging.getLogger(__name__)


class OptunaSweeper(JobSweeper):
    """Asks a study for points and runs them, up to a number of trials. Its options are the config's node `sweep`.

    The same command again continues the study; on several machines, all work on the same study.
    """

    def sweep(self, arguments: list[str]) -> None:
        """Run the search; at the end, report the best trial's command, save plots, and set the task's exit code."""
        try:
            from stylegan_pl.sweeps.space import split
            from stylegan_pl.sweeps.study import SharedStudy
        except ImportError as error:
            raise ConfigError("sweep=optuna is an extra; type: pip install 'stylegan-pl[sweep]'") from error
        config = self.config.copy()
        config.run_dir = str(self.folder / folder_name(0))  # a trial's folder, to which the storage is relative
        settings: dict[str, Any] = OmegaConf.to_container(config.sweep, resolve=True)  # type: ignore[assignment]
        fixed, space = split(parse([*params_as_typed(settings["params"]), *arguments], self.hydra_context))
        if not space:
            raise ConfigError(
                "sweep=optuna: nothing to search; type KEY=interval(a,b), choice(a,b), range(a,b), or fill sweep.params"
            )
        direction = _direction(self._base(fixed, space), settings["direction"])
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="optuna")  # warnings about experimental features
            study = SharedStudy(
                settings["study"], settings["storage"], direction=direction, folder=self.folder,
                sampler=lambda trials: _sampler(settings["sampler"], trials),
            )  # fmt: skip
            self.write_config()
            if study.counted():
                _log.info(
                    "continuing study %s: %d of %d trials", settings["study"], study.counted(), settings["trials"]
                )
            self.task.sweep_code = 0
            with holding(study.worker_lock):
                try:
                    self._search(study, space, fixed, settings)
                finally:
                    self._report(study, fixed, self.folder)

    def _base(self, fixed: list[str], space: "dict[str, BaseDistribution]") -> DictConfig:
        """The config of a trial at any point of the space; checked, so that a wrong option is reported early."""
        from optuna.samplers import RandomSampler
        from optuna.study import create_study

        from stylegan_pl.sweeps.space import as_typed
        from stylegan_pl.sweeps.study_storage import quieten

        quieten()
        point = create_study(sampler=RandomSampler(seed=0)).ask(fixed_distributions=space).params
        config = self.hydra_context.config_loader.load_sweep_config(self.config, [*fixed, *as_typed(point)])
        base = config.copy()
        OmegaConf.set_struct(base, False)
        del base["hydra"]
        base.run_dir = "."  # there is no run yet
        self.task.check(base)
        return base

    def _search(
        self, study: "SharedStudy", space: "dict[str, BaseDistribution]", fixed: list[str], settings: dict[str, Any]
    ) -> None:
        at_once = settings["at_once"] or _side_by_side(self.config.hydra.launcher)
        sweep_dir, code = study.folder, 0
        while trials := study.ask(space, at_most=at_once, total=settings["trials"]):
            launch(self.launcher, [(trial.number, _overrides(fixed, trial, sweep_dir)) for trial in trials], sweep_dir)
            for trial in trials:
                study.tell(trial.number)
            code = max(code, exit_code(sweep_dir, [trial.number for trial in trials]))
            self.task.sweep_code = code
            failed = [t.number for t in trials if not ended_well(sweep_dir / folder_name(t.number))]
            if failed and settings["stop_on_failure"]:
                _log.info("stopping: job %s failed, and sweep.stop_on_failure=true", folder_name(failed[0]))
                return
        if study.counted() < settings["trials"]:
            _log.info("every point of the space has been tried")

    def _report(self, study: "SharedStudy", fixed: list[str], sweep_dir: Path) -> None:
        from stylegan_pl.sweeps.plots import save_plots
        from stylegan_pl.sweeps.space import as_typed

        print(summary(sweep_dir, study.numbers()))
        for folder, count in study.elsewhere().items():
            print(f"  and {count} of the study's trials in {folder}")
        best = study.best()
        if best is None:
            return
        command = ["python", "-m", "stylegan_pl.train", *_without_sweep(fixed), *as_typed(best.params)]
        print(f"best: trial {folder_name(best.number)}, score {best.value:.6g}\n  {shlex.join(command)}")
        for path in save_plots(study.study, sweep_dir / "study"):
            print(f"  {path}")


def _overrides(fixed: Sequence[str], trial: "FrozenTrial", sweep_dir: Path) -> list[str]:
    from stylegan_pl.sweeps.space import as_typed

    goes_on = has_checkpoint(sweep_dir / folder_name(trial.number)) and RESUME not in fixed
    resumed = [RESUME] if goes_on else []
    return [*fixed, *resumed, *as_typed(trial.params), f"callbacks.pruning.trial={trial.number}"]


def _without_sweep(overrides: Sequence[str]) -> list[str]:
    """The overrides without options of the sweep."""
    return [text for text in overrides if text.lstrip("+~").split("=")[0].split(".")[0] not in ("sweep", "launcher")]


def _sampler(node: dict[str, Any], trials: int) -> Any:
    """The sampler; its seed includes the number of trials, so that a resumed study does not repeat its first draws."""
    seeded = {**node, "seed": node["seed"] + trials} if node.get("seed") is not None else node
    return instantiate(seeded, _convert_="all")


def _side_by_side(launcher: DictConfig) -> int:
    """Number of jobs that a launcher runs at a time; 1 if unknown."""
    at_once = int(launcher.get("n_jobs") or launcher.get("array_parallelism") or 1)
    return at_once if at_once > 0 else cores()  # joblib: -1 is one process per core


def _direction(config: DictConfig, asked: str | None) -> "Direction":
    """`minimize` or `maximize`: as typed, or the better direction of the score of best.ckpt.

    Raises:
        ConfigError: nothing is scored.
    """
    if asked is not None:
        if asked not in ("minimize", "maximize"):
            raise ConfigError(f"sweep.direction={asked}: type minimize or maximize")
        return "minimize" if asked == "minimize" else "maximize"
    from stylegan_pl.callbacks.evaluation import monitored_score  # imported here, because Lightning takes seconds

    checkpoints = config.callbacks.checkpoints
    evaluation = instantiate(config.callbacks.evaluation, _convert_="all")
    monitor, mode = monitored_score([evaluation], checkpoints.monitor, checkpoints.mode)
    if monitor is None:
        raise ConfigError("sweep=optuna: this run has no score to search by; type metric=[sliced_wasserstein]")
    return "minimize" if mode == "min" else "maximize"
