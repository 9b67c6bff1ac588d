"""A study that many work: its total to the point, nothing twice, nothing lost with a process that died."""

import threading

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import RandomSampler, TPESampler
from optuna.trial import TrialState

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.folder import lock_of
from stylegan_pl.runs.lock import holding
from stylegan_pl.runs.status import write_status
from stylegan_pl.sweeps.study import SharedStudy

SPACE = {"lr": FloatDistribution(1e-5, 1e-1, log=True)}


def study(tmp_path, *, seed: int | None = None, direction: str = "minimize", storage: str | None = None) -> SharedStudy:
    return SharedStudy(
        "s", storage or str(tmp_path / "study.journal"), direction=direction, folder=tmp_path / "sweep",
        sampler=lambda trials: RandomSampler(None if seed is None else seed + trials),
    )  # fmt: skip


def finish(shared: SharedStudy, number: int, score: float, state: str = "done") -> None:
    write_status(shared.folder / f"{number:03d}", state=state, score=score)
    shared.tell(number)


def values(shared: SharedStudy, *states: TrialState) -> list[float]:
    return [t.params["lr"] for t in shared.study.get_trials(states=states or None)]


@pytest.mark.parametrize("storage", ["journal", "sqlite:///{}/trials.db"])
def test_the_best_of_what_was_told(tmp_path, storage):
    shared = study(tmp_path, storage=None if storage == "journal" else storage.format(tmp_path))
    for trial in shared.ask(SPACE, at_most=3, total=5):
        finish(shared, trial.number, score=(3.0, 1.0, 2.0)[trial.number])
    assert shared.best().number == 1 and shared.counted() == 3
    assert len(shared.ask(SPACE, at_most=9, total=5)) == 2
    assert shared.ask(SPACE, at_most=9, total=5) == []


def test_pruned_failed_and_unscored_trials_count_but_are_not_best(tmp_path):
    shared = study(tmp_path)
    shared.ask(SPACE, at_most=4, total=4)
    for number, (state, score) in enumerate([("pruned", 0.0), ("failed", None), ("done", None), ("done", 5.0)]):
        finish(shared, number, score, state)
    states = [trial.state for trial in shared.study.trials]
    assert states == [TrialState.PRUNED, TrialState.FAIL, TrialState.FAIL, TrialState.COMPLETE]
    assert shared.best().number == 3 and shared.ask(SPACE, at_most=1, total=4) == []


def test_a_resumed_study_with_a_seed_draws_other_points(tmp_path):
    first = study(tmp_path, seed=0)
    for trial in first.ask(SPACE, at_most=3, total=6):
        finish(first, trial.number, 1.0)
    again = study(tmp_path, seed=0)
    for trial in again.ask(SPACE, at_most=6, total=6):
        finish(again, trial.number, 1.0)
    assert len(set(values(again))) == len(values(again)) == 6


def test_no_point_of_a_small_space_is_tried_twice_and_the_search_ends_with_it(tmp_path):
    shared = study(tmp_path, seed=0)
    space = {"n": IntDistribution(1, 3), "c": CategoricalDistribution(["a", "b"])}
    tried = []
    while trials := shared.ask(space, at_most=1, total=50):
        tried += [tuple(sorted(trial.params.items())) for trial in trials]
        finish(shared, trials[0].number, 1.0)
    assert len(tried) == len(set(tried)) == 6 == shared.counted()


def test_a_dead_process_trial_is_tried_again_once_and_a_living_ones_is_not(tmp_path):
    dead, living = study(tmp_path), study(tmp_path)
    (lost,) = dead.ask(SPACE, at_most=1, total=4)  # nobody holds dead.worker_lock
    write_status(dead.folder / "000", state="running")
    with holding(living.worker_lock):
        (held,) = living.ask(SPACE, at_most=1, total=4)  # takes over what was lost
        assert held.number == 1 and held.params == lost.params
        other = study(tmp_path)
        asked = other.ask(SPACE, at_most=9, total=4)
        assert [trial.number for trial in asked] == [2, 3, 4]
        assert all(trial.params != lost.params for trial in asked)
        assert other.study.trials[0].state == TrialState.FAIL and other.study.trials[1].state == TrialState.RUNNING
    assert other.counted() == 4 and 0 not in other.numbers()


@pytest.mark.parametrize("state", ["preempted", "interrupted", "running"])
def test_a_trial_that_was_stopped_with_a_checkpoint_goes_on_under_its_number(tmp_path, state):
    dead = study(tmp_path)
    (stopped,) = dead.ask(SPACE, at_most=1, total=3)
    (dead.folder / "000/checkpoints").mkdir(parents=True)
    (dead.folder / "000/checkpoints/last.ckpt").touch()
    write_status(dead.folder / "000", state=state)
    if state != "running":
        dead.tell(0)  # as after a launcher that waited for it
    other = study(tmp_path)
    with holding(other.worker_lock):
        (first,) = other.ask(SPACE, at_most=1, total=3)
        assert (first.number, first.params) == (0, stopped.params)
        assert [trial.number for trial in other.ask(SPACE, at_most=9, total=3)] == [1, 2]
        assert study(tmp_path).ask(SPACE, at_most=9, total=3) == []  # a living process has it
    for number in range(3):
        finish(other, number, score=1.0 + number)
    assert other.best().number == 0 and other.counted() == 3 and other.numbers() == [0, 1, 2]


def test_a_job_that_outlives_its_sweep_keeps_its_trial(tmp_path):
    dead = study(tmp_path)
    dead.ask(SPACE, at_most=1, total=2)
    with holding(lock_of(dead.folder / "000")):
        other = study(tmp_path)
        assert [trial.number for trial in other.ask(SPACE, at_most=9, total=2)] == [1]
    write_status(dead.folder / "000", state="done", score=7.0)
    with holding(other.worker_lock):
        assert study(tmp_path).ask(SPACE, at_most=9, total=2) == []
    assert other.study.trials[0].value == 7.0


def test_workers_at_once_share_the_total_and_no_point(tmp_path):
    shares: list[list[int]] = [[], [], []]

    def work(which: int) -> None:
        mine = study(tmp_path, seed=0)
        with holding(mine.worker_lock):
            while trials := mine.ask(SPACE, at_most=1, total=12):
                shares[which].append(trials[0].number)
                finish(mine, trials[0].number, 1.0)

    threads = [threading.Thread(target=work, args=(which,)) for which in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    shared = study(tmp_path)
    done = values(shared, TrialState.COMPLETE)
    assert sum(map(len, shares)) == 12 == len(done) == len(set(done))


def test_another_direction_or_space_is_told(tmp_path):
    shared = study(tmp_path)
    finish(shared, shared.ask({"c": CategoricalDistribution(["a", "b"])}, at_most=1, total=9)[0].number, 1.0)
    with pytest.raises(
        ConfigError, match=r"minimizes its score, and this command would maximize it; type another sweep\.study"
    ):
        study(tmp_path, direction="maximize")
    with pytest.raises(ConfigError, match=r"search space is not that study's .*; type another sweep\.study"):
        shared.ask({"c": CategoricalDistribution(["a", "z"])}, at_most=1, total=9)
    with pytest.raises(ConfigError, match="cannot be opened"):
        study(tmp_path, storage="nosuchdb://x/y")


def test_tpe_learns_from_what_was_told(tmp_path):
    """After a start at random its draws are nearer to the best point than chance (median 0.3): the scores do arrive."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    shared = SharedStudy(
        "s", str(tmp_path / "j"), direction="minimize", folder=tmp_path,
        sampler=lambda trials: TPESampler(seed=1, n_startup_trials=10),
    )  # fmt: skip
    space, distances = {"x": FloatDistribution(0.0, 1.0)}, []
    while trials := shared.ask(space, at_most=1, total=30):
        distances.append(abs(trials[0].params["x"] - 0.2))
        finish(shared, trials[0].number, distances[-1])
    assert sorted(distances[-15:])[7] < 0.15


def test_a_command_that_draws_another_ones_points_soon_draws_its_own(tmp_path):
    """Two that begin at the same moment have the same seed; before, nine known points in a row ended the second."""
    first, second = (
        SharedStudy(
            "s", f"sqlite:///{tmp_path}/trials.db", direction="minimize", folder=tmp_path / name,
            sampler=lambda trials: RandomSampler(0),
        )
        for name in ("one", "two")
    )  # fmt: skip
    for _ in range(12):
        (trial,) = first.ask(SPACE, at_most=1, total=20)
        finish(first, trial.number, 1.0)
    (trial,) = second.ask(SPACE, at_most=1, total=20)
    assert trial.number == 13 and second.counted() == 13


def test_commands_with_folders_of_their_own_share_the_total_and_leave_each_others_trials_alone(tmp_path):
    """What two machines without a disk in common type: one database, a folder each, no lock between them."""
    shares: list[list[int]] = [[], [], []]

    def elsewhere(which: int) -> SharedStudy:
        return SharedStudy(
            "s", f"sqlite:///{tmp_path}/trials.db", direction="minimize", folder=tmp_path / f"machine{which}",
            sampler=lambda trials: RandomSampler(0),
        )  # fmt: skip

    def work(mine: SharedStudy, which: int) -> None:
        with holding(mine.worker_lock):
            while trials := mine.ask(SPACE, at_most=1, total=12):
                shares[which].append(trials[0].number)
                finish(mine, trials[0].number, 1.0)

    machines = [elsewhere(which) for which in range(3)]
    threads = [threading.Thread(target=work, args=(mine, which)) for which, mine in enumerate(machines)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = values(machines[0], TrialState.COMPLETE)
    assert sum(map(len, shares)) == 12 == len(done) == len(set(done))
    for mine, share in zip(machines, shares, strict=True):
        assert mine.numbers() == sorted(share)
        assert sum(mine.elsewhere().values()) == 12 - len(share)


def test_a_running_trial_of_another_folder_is_not_taken_for_a_dead_ones(tmp_path):
    """Nobody holds a lock that this folder could see."""
    storage = str(tmp_path / "study.journal")
    here, there = (
        SharedStudy(
            "s", storage, direction="minimize", folder=tmp_path / name, sampler=lambda trials: RandomSampler(trials)
        )
        for name in ("here", "there")
    )
    (running,) = there.ask(SPACE, at_most=1, total=2)
    (other,) = here.ask(SPACE, at_most=9, total=2)
    assert other.params != running.params
    assert here.ask(SPACE, at_most=9, total=2) == []
    assert here.study.trials[running.number].state == TrialState.RUNNING
