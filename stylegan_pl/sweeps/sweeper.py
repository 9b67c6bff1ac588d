"""The base of this package's sweepers."""

from pathlib import Path
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.launcher import Launcher
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from stylegan_pl.runs.masked import masked


class JobSweeper(Sweeper):
    """Keeps Hydra's arguments, and the launcher."""

    config: DictConfig
    hydra_context: HydraContext
    task: Any  # config.task.Task: has `check`, and gets the exit code as `sweep_code`
    launcher: Launcher

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Hydra's hook."""
        self.hydra_context, self.config, self.task = hydra_context, config, task_function
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    @property
    def folder(self) -> Path:
        """The sweep's folder."""
        return Path(str(self.config.hydra.sweep.dir))

    def write_config(self) -> None:
        """Write multirun.yaml, as Hydra's sweepers do, with passwords and keys masked."""
        shown = masked(OmegaConf.to_container(self.config, enum_to_str=True))
        OmegaConf.save(OmegaConf.create(shown), self.folder / "multirun.yaml")
