"""Runs a sweep's jobs as one Slurm array, with submitit; a killed job does not affect the others."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, JobStatus, filter_overrides
from hydra_plugins.hydra_submitit_launcher import submitit_launcher
from hydra_plugins.hydra_submitit_launcher.config import BaseQueueConf
from omegaconf import OmegaConf

from stylegan_pl.errors import ConfigError, UserError, first_line

_log = logging.getLogger(__name__)

_INIT_KEYS = ("submitit_folder", "max_num_timeout")


class SlurmLauncher(submitit_launcher.SlurmLauncher):
    """hydra-submitit-launcher's launcher, but it waits for all jobs, even if one died."""

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        """Submit, wait, and return one result per job; a dead job's result is its error."""
        assert self.config is not None
        Path(str(self.config.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
        for offset, overrides in enumerate(job_overrides):
            _log.info("  #%03d  %s", initial_job_idx + offset, " ".join(filter_overrides(overrides)))
        calls = [
            (list(overrides), "hydra.sweep.dir", initial_job_idx + offset, f"job_{initial_job_idx + offset}",
             Singleton.get_state())
            for offset, overrides in enumerate(job_overrides)
        ]  # fmt: skip
        # the plugin's own class is sent, because another process cannot import ours by its registered name
        call = {"slurm": submitit_launcher.SlurmLauncher, "local": submitit_launcher.LocalLauncher}[self._EXECUTOR](
            **self.params
        )
        call.config, call.task_function, call.hydra_context = self.config, self.task_function, self.hydra_context
        jobs = self._executor().map_array(call, *zip(*calls, strict=True))
        _log.info("%d jobs sent: %s", len(jobs), ", ".join(str(job.job_id) for job in jobs))
        return [_result(job) for job in jobs]

    def _executor(self) -> Any:
        import submitit  # imported here, so that scanning plugins is fast

        options = {f"{self._EXECUTOR}_max_num_timeout": self.params["max_num_timeout"]} if self._is_slurm() else {}
        try:
            executor = submitit.AutoExecutor(folder=self.params["submitit_folder"], cluster=self._EXECUTOR, **options)
        except RuntimeError as error:  # no srun
            raise ConfigError(f"launcher=slurm: {first_line(error)}; type it on a machine of the cluster") from error
        common = set(OmegaConf.structured(BaseQueueConf).keys())
        executor.update_parameters(
            **{
                key if key in common else f"{self._EXECUTOR}_{key}": value
                for key, value in self.params.items()
                if key not in _INIT_KEYS
            }
        )
        return executor

    def _is_slurm(self) -> bool:
        return self._EXECUTOR == "slurm"


def _result(job: Any) -> JobReturn:
    """The job's result, or a failure if it died; its folder then still says `running`."""
    try:
        returned: JobReturn = job.results()[0]
        return returned
    except Exception:  # submitit may raise any error
        died = JobReturn(status=JobStatus.FAILED)
        died.return_value = UserError(f"Slurm job {job.job_id} ended as {job.state}; its log: {job.paths.stderr}")
        return died
