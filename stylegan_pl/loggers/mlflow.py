"""MLflow, with sample grids as artifacts."""

import os
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import MLFlowLogger

from stylegan_pl.loggers.known_runs import known_id, remember_id
from stylegan_pl.loggers.samples import Samples
from stylegan_pl.runs.ranks import is_first


class RunMLflow(MLFlowLogger):
    """One MLflow run per run folder; resuming the folder resumes it.

    Args:
        run_dir: the run's folder.
        experiment_name: MLflow's group of runs.
        run_name: the run's name.
        tracking_uri: a server or a database; None: MLFLOW_TRACKING_URI, or if that is not set, files in the run's
            folder.
    """

    def __init__(self, run_dir: str, *, experiment_name: str, run_name: str, tracking_uri: str | None = None) -> None:
        os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # files are enough for one run's folder
        if tracking_uri is None:  # Lightning's address of a folder would end at a # or ? in its name
            tracking_uri = os.environ.get("MLFLOW_TRACKING_URI") or Path(run_dir, "mlruns").resolve().as_uri()
        super().__init__(
            experiment_name, run_name=run_name, tracking_uri=tracking_uri, run_id=known_id(Path(run_dir), "mlflow")
        )
        self.run_dir = Path(run_dir)
        self.resumes = self._run_id is not None

    @property
    def experiment(self) -> Any:
        """MLflow's client; opens the run on first use."""
        client = super().experiment
        if is_first() and self._run_id is not None and not self.resumes:
            remember_id(self.run_dir, "mlflow", self._run_id)
        return client

    def log_hyperparams(self, params: Any) -> None:
        """Log the config of a new run only, because MLflow refuses changed parameters, such as `resume`."""
        if not self.resumes:
            super().log_hyperparams(params)

    def log_samples(self, samples: Samples) -> None:
        """Log the grid's file below `samples/`."""
        self.experiment.log_artifact(self.run_id, str(samples.grid), "samples")
