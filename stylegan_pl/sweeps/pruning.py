"""Ends a trial of a search early if its score is worse than other trials'."""

import logging
import math
import os
from pathlib import Path
from typing import Any

import lightning as L

from stylegan_pl.callbacks.evaluation import monitored_score
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.runs.status import write_status

_log = logging.getLogger(__name__)


class Pruning(L.Callback):
    """Reports the score of best.ckpt to an Optuna study, and stops the run if the study's pruner asks for it.

    The run then ends as at the end of its budget: between batches, saved, on all ranks together. If the trial has ended
    already (a saved config is run again), or the study does not exist, nothing is reported.

    Args:
        run_dir: the run's folder, whose status.json records the pruning.
        study: name of the study.
        storage: a database URL, or the path of a journal file.
        trial: number of the trial; None: this run is not a trial.
        pruner: an Optuna pruner; its steps are images seen.
    """

    def __init__(self, run_dir: str, *, study: str, storage: str, trial: int | None, pruner: Any) -> None:
        self.run_dir, self.study_name, self.storage = Path(run_dir), study, storage
        self.trial, self.pruner = trial, pruner
        self._study: Any = None
        self._reported: set[int] = set()

    def setup(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Find the monitored score and, on rank 0, the study."""
        callbacks: list[Any] = trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
        checkpoints = next((c for c in trainer.checkpoint_callbacks if hasattr(c, "monitor")), None)
        monitor, mode = getattr(checkpoints, "monitor", None), getattr(checkpoints, "mode", None)
        self.monitor, _ = monitored_score(callbacks, monitor, mode)
        if self.trial is not None and trainer.is_global_zero:
            self._study = self._open()

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Report the score, and stop all ranks if rank 0's pruner asks for it."""
        assert isinstance(pl_module, TwoPlayerModule)
        if trainer.sanity_checking or self.monitor is None or self.trial is None:
            return
        score = trainer.callback_metrics.get(self.monitor)
        bad = score is not None and self._study is not None and self._is_bad(float(score), pl_module.clock.images_seen)
        if trainer.strategy.reduce_boolean_decision(bad, all=False):
            trainer.should_stop = True
            if trainer.is_global_zero:
                _log.info("pruned: %s %.4g at %d images", self.monitor, float(score or 0), pl_module.clock.images_seen)
                write_status(self.run_dir, pruned=True)

    def _open(self) -> Any:
        import optuna

        from stylegan_pl.sweeps.study_storage import open_storage

        if "://" not in self.storage and not Path(os.path.normpath(self.storage)).is_file():
            return None
        try:
            study = optuna.load_study(
                study_name=self.study_name, storage=open_storage(self.storage), pruner=self.pruner
            )
        except KeyError:
            return None
        return study if self._trial_of(study) is not None else None

    def _trial_of(self, study: Any) -> Any:
        """This run's trial if it is still running, else None."""
        assert self.trial is not None
        trials = study.get_trials(deepcopy=False)
        trial = trials[self.trial] if self.trial < len(trials) else None
        return None if trial is None or trial.state.is_finished() else trial

    def _is_bad(self, score: float, images_seen: int) -> bool:
        trial = self._trial_of(self._study)
        if trial is None or not math.isfinite(score) or images_seen in self._reported:
            return False
        self._reported.add(images_seen)
        storage = self._study._storage
        storage.set_trial_intermediate_value(trial._trial_id, images_seen, score)
        return bool(self.pruner.prune(self._study, storage.get_trial(trial._trial_id)))
