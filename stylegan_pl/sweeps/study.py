"""A study that many processes work and any may leave: no point twice, no trial lost with its process."""

import random
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Literal

import optuna
from filelock import FileLock
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from stylegan_pl.errors import ConfigError, first_line
from stylegan_pl.status_file import read_status, write_status
from stylegan_pl.sweeps.job_folder import folder_name, is_worked_in, job_lock
from stylegan_pl.sweeps.space import all_points
from stylegan_pl.sweeps.study_storage import open_storage

_DRAWS = 8  # of points that were tried already, before an untried one is taken without asking the sampler
_ABANDONED = "abandoned"  # user attribute of a trial whose process died
_REPEATED = "repeated"  # of one that drew a point known already
_WORKER = "worker"


Direction = Literal["minimize", "maximize"]


class SharedStudy:
    """An Optuna study, asked and told.

    Args:
        name: of the study in its storage.
        storage: a database URL, or the path of a journal file.
        direction: `minimize` or `maximize`; None: as the study was begun.
        sampler: number of trials so far -> sampler. Made anew for each process, so that a resumed study with a fixed
            seed does not draw again what it drew before.
        folder: the sweep's; trial 7 runs in `folder/007`.
    """

    def __init__(
        self, name: str, storage: str, *, direction: Direction, sampler: Callable[[int], BaseSampler], folder: Path
    ) -> None:
        self.folder, self.worker = folder, uuid.uuid4().hex[:12]
        folder.mkdir(parents=True, exist_ok=True)
        with self._alone():  # a database's tables are made by one process
            try:
                self.study = optuna.create_study(
                    storage=open_storage(storage), study_name=name, direction=direction, load_if_exists=True
                )
            except Exception as error:  # whatever the database's driver raises
                raise ConfigError(f"sweep.storage={storage}: cannot be opened ({first_line(error)})") from error
            if self.study.direction.name.lower() != direction:
                raise ConfigError(
                    f"sweep.study={name}: that study is to {self.study.direction.name.lower()} its score, this command "
                    f"to {direction}; type another sweep.study"
                )
            self.study.sampler = sampler(len(self._trials()))

    @property
    def worker_lock(self) -> Path:
        """Held by this process as long as it lives."""
        return self._lock_of(self.worker)

    def ask(self, space: dict[str, BaseDistribution], *, at_most: int, total: int) -> list[FrozenTrial]:
        """Up to `at_most` new trials, of which the study shall have `total`; empty when it has, or knows every point.

        Raises:
            ConfigError: the space is not the one the study was begun with.
        """
        with self._alone():
            self._take_over()
            asked: list[FrozenTrial] = []
            while len(asked) < at_most and self.counted() < total:
                trial = self._new_point(space)
                if trial is None:
                    break
                asked.append(trial)
        return asked

    def tell(self, number: int) -> None:
        """Hand on what the trial's folder says."""
        status = read_status(self.folder / folder_name(number))
        state, score = status.get("state"), status.get("score")
        if state == "pruned":
            self.study.tell(number, state=TrialState.PRUNED, skip_if_finished=True)
        elif state == "done" and score is not None:
            self.study.tell(number, score, skip_if_finished=True)
        else:
            self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def counted(self) -> int:
        """Trials that were run or are running; not those taken over by another, nor points drawn twice."""
        return len(self.numbers())

    def numbers(self) -> list[int]:
        """Of the trials that were begun, less those whose point another tried instead."""
        return [
            trial.number for trial in self._trials()
            if trial.state != TrialState.WAITING and not {_ABANDONED, _REPEATED} & trial.user_attrs.keys()
        ]  # fmt: skip

    def best(self) -> FrozenTrial | None:
        """The best trial that ran to its end; None where none did."""
        return self.study.best_trial if any(t.state == TrialState.COMPLETE for t in self._trials()) else None

    def _new_point(self, space: dict[str, BaseDistribution]) -> FrozenTrial | None:
        for draw in range(_DRAWS + 1):
            if (points := all_points(space)) is not None:
                untried = [point for point in points if not self._is_known(None, point)]
                if not untried:
                    return None
                if draw == _DRAWS:
                    self.study.enqueue_trial(random.choice(untried))
            try:
                trial = self.study.ask(fixed_distributions=space)
            except ValueError as error:
                raise ConfigError(
                    f"sweep.study={self.study.study_name}: this command's search space is not that study's "
                    f"({first_line(error)}); type another sweep.study"
                ) from error
            if not self._is_known(trial.number, trial.params):
                trial.set_user_attr(_WORKER, self.worker)
                return self._trials()[trial.number]
            trial.set_user_attr(_REPEATED, True)
            self.study.tell(trial.number, state=TrialState.FAIL)
        return None

    def _is_known(self, number: int | None, params: dict[str, Any]) -> bool:
        return any(
            trial.params == params and trial.number != number and not {_ABANDONED, _REPEATED} & trial.user_attrs.keys()
            for trial in self._trials() if trial.state != TrialState.WAITING
        )  # fmt: skip

    def _take_over(self) -> None:
        """Trials of processes that died: what their folder says is told, else the point is tried again."""
        for trial in self._trials():
            worker, folder = trial.user_attrs.get(_WORKER), self.folder / folder_name(trial.number)
            if trial.state != TrialState.RUNNING or worker == self.worker or is_worked_in(job_lock(folder)):
                continue
            if worker is not None and is_worked_in(self._lock_of(worker)):
                continue
            if read_status(folder).get("state") in ("done", "pruned", "failed"):
                self.tell(trial.number)
                continue
            self.study._storage.set_trial_user_attr(trial._trial_id, _ABANDONED, True)
            self.study.tell(trial.number, state=TrialState.FAIL)
            if read_status(folder):
                write_status(folder, state="failed", error="its process died; another job tries the same point")
            if trial.params:  # none: it died between asking and drawing
                self.study.enqueue_trial(trial.params, user_attrs={"instead of": trial.number})

    def _trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    def _lock_of(self, worker: str) -> Path:
        return self.folder / ".workers" / f"{worker}.lock"

    def _alone(self) -> AbstractContextManager[Any]:
        """One process at a time looks what there is and takes the next: the study gets exactly its total."""
        return FileLock(self.folder / ".asking.lock")
