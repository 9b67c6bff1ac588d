"""A study that several processes share: no point is tried twice, and no trial is lost if a process dies."""

import datetime
import random
import time
import uuid
from collections import Counter
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
from stylegan_pl.runs.folder import lock_of
from stylegan_pl.runs.lock import is_held
from stylegan_pl.runs.status import read_status, write_status
from stylegan_pl.sweeps.claim import claim_for_study
from stylegan_pl.sweeps.job_folder import folder_name
from stylegan_pl.sweeps.jobs import has_checkpoint
from stylegan_pl.sweeps.space import all_points
from stylegan_pl.sweeps.study_storage import open_storage

_DRAWS = 8  # draws of known points, after which an untried point is taken without the sampler
_ABANDONED = "abandoned"  # user attribute: the trial's process died
_REPEATED = "repeated"  # user attribute: the trial drew a known point
_SURPLUS = "surplus"  # user attribute: another folder's process drew the last trial at the same time
_NOT_COUNTED = {_ABANDONED, _REPEATED, _SURPLUS}
_WORKER, _HOME, _FOLDER = "worker", "home", "folder"  # user attributes: process, mark of the folder, its path
_STOPPED = ("preempted", "interrupted")  # states of a job that saved what it had
_UNSIGNED_S = 30.0  # seconds after which a trial without a worker belongs to a dead process


Direction = Literal["minimize", "maximize"]


class SharedStudy:
    """An Optuna study that is shared by processes.

    Processes with the same sweep folder take over each other's trials if one dies. Processes that only share the
    storage, with their own folders, work towards the same total and do not touch each other's trials.

    Args:
        name: name of the study in its storage.
        storage: a database URL, or the path of a journal file.
        direction: `minimize` or `maximize`.
        sampler: number of trials so far -> sampler. Created for each process, so that a resumed study with a fixed seed
            does not repeat draws.
        folder: the sweep's folder; trial 7 runs in `folder/007`.
    """

    def __init__(
        self, name: str, storage: str, *, direction: Direction, sampler: Callable[[int], BaseSampler], folder: Path
    ) -> None:
        self.folder, self.worker = folder, uuid.uuid4().hex[:12]
        self.home = claim_for_study(folder, name)
        with self._alone():  # only one process may create a database's tables
            try:
                self.study = optuna.create_study(
                    storage=open_storage(storage), study_name=name, direction=direction, load_if_exists=True
                )
            except Exception as error:  # database drivers may raise any error
                raise ConfigError(f"sweep.storage={storage}: cannot be opened ({first_line(error)})") from error
            if self.study.direction.name.lower() != direction:
                raise ConfigError(
                    f"sweep.study={name}: that study {self.study.direction.name.lower()}s its score, and this command "
                    f"would {direction} it; type another sweep.study"
                )
            self.study.sampler = sampler(len(self._trials()))

    @property
    def worker_lock(self) -> Path:
        """The lock that this process holds as long as it runs."""
        return self._lock_of(self.worker)

    def ask(self, space: dict[str, BaseDistribution], *, at_most: int, total: int) -> list[FrozenTrial]:
        """Up to `at_most` trials, until the study has `total`; empty if it has, or if every point was tried.

        First those that dead processes left with a checkpoint, which go on under their own numbers; then new ones.

        Raises:
            ConfigError: the study was started with another space.
        """
        with self._alone():
            self._take_over()
            asked = [self._taken(number) for number in self._to_go_on()[:at_most]]
            while len(asked) < at_most and self.counted() < total:
                trial = self._new_point(space)
                if trial is None or self._is_surplus(trial, total):
                    break
                asked.append(trial)
        return asked

    def tell(self, number: int) -> None:
        """Report the result in the trial's folder to the study; a trial that was stopped goes on another time."""
        status = read_status(self.folder / folder_name(number))
        state, score = status.get("state"), status.get("score")
        if state == "pruned":
            self.study.tell(number, state=TrialState.PRUNED, skip_if_finished=True)
        elif state == "done" and score is not None:
            self.study.tell(number, score, skip_if_finished=True)
        elif state not in _STOPPED:
            self.study.tell(number, state=TrialState.FAIL, skip_if_finished=True)

    def counted(self) -> int:
        """Number of finished and running trials, without trials that were taken over and points drawn twice."""
        return len(self._counting())

    def numbers(self) -> list[int]:
        """Numbers of the trials in this folder, without those whose point another trial tried instead."""
        return [trial.number for trial in self._counting() if trial.user_attrs.get(_HOME, self.home) == self.home]

    def elsewhere(self) -> dict[str, int]:
        """Other folders that work on this study -> number of their trials."""
        return Counter(
            trial.user_attrs[_FOLDER] for trial in self._counting()
            if trial.user_attrs.get(_HOME, self.home) != self.home
        )  # fmt: skip

    def _counting(self) -> list[FrozenTrial]:
        return [
            trial for trial in self._trials()
            if trial.state != TrialState.WAITING and not _NOT_COUNTED & trial.user_attrs.keys()
        ]  # fmt: skip

    def best(self) -> FrozenTrial | None:
        """The best finished trial; None if there is none."""
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
            for key, value in ((_WORKER, self.worker), (_HOME, self.home), (_FOLDER, str(self.folder))):
                trial.set_user_attr(key, value)
            self._await_signatures(trial.number)
            if not self._is_known(trial.number, trial.params):
                return self._trials()[trial.number]
            self._give_back(trial.number, _REPEATED)
            if points is None:  # an endless space: another process began at the same moment, with the same series
                self.study.sampler.reseed_rng()
        return None

    def _is_known(self, number: int | None, params: dict[str, Any]) -> bool:
        """Whether an earlier trial has the same point; if two draw it at the same time, the first keeps it."""
        return any(trial.params == params and (number is None or trial.number < number) for trial in self._counting())

    def _await_signatures(self, number: int) -> None:
        """Wait until all earlier trials have their points: a process of another folder may be drawing now."""
        while any(
            trial.number < number and trial.state == TrialState.RUNNING and self._is_being_drawn(trial)
            for trial in self._trials()
        ):
            time.sleep(0.05)

    def _is_surplus(self, trial: FrozenTrial, total: int) -> bool:
        """Whether other folders, which do not share our lock, have completed the total; if so, drop the trial."""
        if sum(other.number < trial.number for other in self._counting()) < total:
            return False
        self._give_back(trial.number, _SURPLUS)
        return True

    def _give_back(self, number: int, why: str) -> None:
        self.study._storage.set_trial_user_attr(self._trials()[number]._trial_id, why, True)
        self.study.tell(number, state=TrialState.FAIL)

    def _take_over(self) -> None:
        """Handle trials of dead processes: report the result in their folder, or try the point again.

        Those that `_to_go_on` gives stay as they are.
        """
        for trial in self._left_by_the_dead():
            folder = self.folder / folder_name(trial.number)
            if read_status(folder).get("state") in ("done", "pruned", "failed"):
                self.tell(trial.number)
                continue
            if trial.params and has_checkpoint(folder):
                continue
            self._give_back(trial.number, _ABANDONED)
            if read_status(folder):
                write_status(folder, state="failed", error="its process died; another job tries the same point")
            if trial.params:  # empty if it died before drawing
                self.study.enqueue_trial(trial.params, user_attrs={"instead of": trial.number})

    def _to_go_on(self) -> list[int]:
        """Numbers of trials that dead processes left with a checkpoint."""
        return [trial.number for trial in self._left_by_the_dead()]

    def _left_by_the_dead(self) -> list[FrozenTrial]:
        return [
            trial for trial in self._trials()
            if trial.state == TrialState.RUNNING and not self._is_others(trial) and not self._is_worked_on(trial)
        ]  # fmt: skip

    def _is_worked_on(self, trial: FrozenTrial) -> bool:
        """Whether a living process has the trial of this folder; ours has those that it asked for."""
        worker = trial.user_attrs.get(_WORKER)
        if worker == self.worker or is_held(lock_of(self.folder / folder_name(trial.number))):
            return True
        return worker is not None and is_held(self._lock_of(worker))

    def _taken(self, number: int) -> FrozenTrial:
        self.study._storage.set_trial_user_attr(self._trials()[number]._trial_id, _WORKER, self.worker)
        return self._trials()[number]

    def _is_others(self, trial: FrozenTrial) -> bool:
        """Whether a trial belongs, or may belong, to a process of another folder, whose lock cannot be checked."""
        home = trial.user_attrs.get(_HOME)
        return self._is_being_drawn(trial) if home is None else bool(home != self.home)

    def _is_being_drawn(self, trial: FrozenTrial) -> bool:
        if _FOLDER in trial.user_attrs or trial.datetime_start is None:  # the attribute that is written last
            return False
        return abs((datetime.datetime.now() - trial.datetime_start).total_seconds()) < _UNSIGNED_S

    def _trials(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False)

    def _lock_of(self, worker: str) -> Path:
        return self.folder / ".workers" / f"{worker}.lock"

    def _alone(self) -> AbstractContextManager[Any]:
        """A lock for asking: one process at a time counts and takes trials, so the study gets exactly its total."""
        return FileLock(self.folder / ".asking.lock")
