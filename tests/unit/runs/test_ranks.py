"""Who is rank 0 and what the folder is called, from the environments that launchers make."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.ranks import cores, folder_overrides, is_first, launched, restarted, started_at, under_srun

SRUN = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_STEP_NUM_TASKS": "4", "SLURM_STEP_NUM_NODES": "2"}
SRUN |= {"SLURM_STEP_TASKS_PER_NODE": "2(x2)", "SLURM_NTASKS": "4"}
TORCHRUN = {"TORCHELASTIC_RUN_ID": "none", "LOCAL_WORLD_SIZE": "2", "WORLD_SIZE": "4", "GROUP_WORLD_SIZE": "2"}
ONE_TASK = {"SLURM_JOB_ID": "7", "SLURM_STEP_ID": "0", "SLURM_NTASKS": "1", "SLURM_PROCID": "0"}


@pytest.mark.parametrize(
    ("environment", "first"),
    [
        ({}, True),
        ({"LOCAL_RANK": "1"}, False),
        ({"LOCAL_RANK": "0", "NODE_RANK": "1"}, False),
        (SRUN | {"SLURM_PROCID": "0"}, True),
        (SRUN | {"SLURM_PROCID": "2", "SLURM_LOCALID": "0"}, False),  # the first of the second machine
        (TORCHRUN | {"RANK": "2", "LOCAL_RANK": "0"}, False),
        (SRUN | {"SLURM_PROCID": "1"} | TORCHRUN | {"RANK": "0", "LOCAL_RANK": "0"}, True),  # torchrun below srun
        (ONE_TASK | {"LOCAL_RANK": "1"}, False),  # a rank that a job of one task started
    ],
)
def test_rank_0_is_known_before_there_is_a_process_group(environment, first):
    assert is_first(environment) is first


def test_machines_and_processes_are_as_they_were_started():
    assert launched({}) is None and launched(ONE_TASK) is None
    assert launched(SRUN) == (2, 2) == launched(SRUN | TORCHRUN)
    assert under_srun(SRUN) and not under_srun(SRUN | TORCHRUN) and not under_srun(ONE_TASK)
    with pytest.raises(ConfigError, match="--ntasks-per-node"):
        launched(SRUN | {"SLURM_STEP_TASKS_PER_NODE": "3,1"})
    with pytest.raises(ConfigError, match="type srun before python"):
        launched({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"})


def test_a_job_that_was_started_before_goes_on():
    assert not restarted({}) and not restarted({"SLURM_RESTART_COUNT": "0"})
    assert restarted({"SLURM_RESTART_COUNT": "1"}) and restarted({"TORCHELASTIC_RESTART_COUNT": "2"})


def test_ranks_started_together_name_one_folder():
    assert folder_overrides(["model=cut"], {}) == []
    assert folder_overrides(["model=cut"], SRUN) == ["hydra.run.dir=outputs/train/${run_name}/slurm-7"]
    assert folder_overrides(["hydra.run.dir=mine"], SRUN) == [] == folder_overrides(["-m", "seed=1,2"], SRUN)
    assert folder_overrides([], SRUN | {"LOCAL_RANK": "1"}) == []  # our own launcher says it
    with_id = TORCHRUN | {"TORCHELASTIC_RUN_ID": "vangogh"}
    assert folder_overrides([], with_id) == ["hydra.run.dir=outputs/train/${run_name}/vangogh"]
    with pytest.raises(ConfigError, match="--rdzv-id=NAME"):
        folder_overrides([], TORCHRUN)


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads when the parent was started from /proc")
def test_torchrun_on_one_machine_is_named_by_the_date_of_its_start():
    environment = TORCHRUN | {"GROUP_WORLD_SIZE": "1"}
    (first,), (second,) = folder_overrides([], environment), folder_overrides([], environment)
    started = time.mktime(time.strptime(first.rsplit("/", 1)[1], "%Y-%m-%d_%H-%M-%S"))
    assert first == second and started <= time.time()
    assert started == int(started_at(os.getppid()))


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads when a process was started from /proc")
def test_a_process_that_is_looked_at_late_started_when_it_did():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        then = time.time()
        time.sleep(2.5)  # the file times of /proc/PID begin with the first look at it
        assert abs(started_at(process.pid) - then) < 1.5
        process.kill()


@pytest.mark.parametrize(
    ("affinity", "local_ranks", "environment", "expected"),
    [
        (8, 1, {}, 8),
        (8, 2, {}, 4),
        (3, 2, {}, 1),
        (2, 4, {}, 1),
        (8, 2, TORCHRUN, 4),
        (4, 2, SRUN | {"SLURM_CPUS_ON_NODE": "8"}, 4),  # bound: each task has cores of its own
        (8, 2, SRUN | {"SLURM_CPUS_ON_NODE": "8"}, 4),  # not bound
        (8, 2, SRUN, 4),
    ],
)
def test_cores_are_those_that_a_rank_may_use(monkeypatch, affinity, local_ranks, environment, expected):
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(affinity)), raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 64)
    assert cores(local_ranks=local_ranks, environment=environment) == expected


def test_where_nobody_knows_of_affinity_all_cores_count(monkeypatch):
    monkeypatch.delattr("os.sched_getaffinity", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert cores(environment={}) == 6
    monkeypatch.setattr("os.cpu_count", lambda: None)
    assert cores(environment={}) == 1
