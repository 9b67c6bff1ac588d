"""Which of the processes that train together this one is: what torchrun, srun or our own launcher tells it."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stylegan_pl.errors import ConfigError


def under_torchrun(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether torchrun started this process; it may itself run below srun, and then it is the one that counts."""
    return "TORCHELASTIC_RUN_ID" in environment


def under_srun(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is one of several tasks of a Slurm step.

    The script that sbatch starts is no step, and a step of one task may start ranks of its own.
    """
    tasks = environment.get("SLURM_STEP_NUM_TASKS", environment.get("SLURM_NTASKS", "1"))
    return "SLURM_STEP_ID" in environment and int(tasks) > 1 and not under_torchrun(environment)


def is_first(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process writes and speaks for all: rank 0, also before there is a process group."""
    if "RANK" in environment:  # torchrun, and whoever imitates it
        return int(environment["RANK"]) == 0
    if under_srun(environment):
        return int(environment["SLURM_PROCID"]) == 0
    return all(int(environment.get(name, 0)) == 0 for name in ("NODE_RANK", "LOCAL_RANK"))


def launched(environment: Mapping[str, str] = os.environ) -> tuple[int, int] | None:
    """(machines, processes on each) that torchrun or srun started; None where nobody did.

    Raises:
        ConfigError: a Slurm job of several tasks whose script runs Python without srun: the others would never come.
    """
    if under_torchrun(environment):
        local = int(environment["LOCAL_WORLD_SIZE"])
        return int(environment["WORLD_SIZE"]) // local, local
    if under_srun(environment):
        nodes = environment.get("SLURM_STEP_NUM_NODES", environment.get("SLURM_NNODES", "1"))
        per_node = environment.get("SLURM_STEP_TASKS_PER_NODE", environment.get("SLURM_TASKS_PER_NODE", "1"))
        counts = set(re.sub(r"\(x\d+\)", "", per_node).split(","))  # "2(x3)": 2 on each of 3 machines
        if len(counts) > 1:
            raise ConfigError(f"srun started {per_node} tasks on its machines; type srun --ntasks-per-node=N")
        return int(nodes), int(counts.pop())
    if int(environment.get("SLURM_NTASKS", "1")) > 1 and "SLURM_STEP_ID" not in environment:
        raise ConfigError(
            f"the Slurm job has {environment['SLURM_NTASKS']} tasks, and this is none of them; type srun before python"
        )
    return None


def cores(*, local_ranks: int = 1, environment: Mapping[str, str] = os.environ) -> int:
    """Processor cores for this process: those that it may run on, shared with the other ranks of this machine.

    Where srun has bound each task to cores of its own, they are shared with nobody.

    Args:
        local_ranks: processes of the run on this machine.
    """
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if under_srun(environment) and mine < int(environment.get("SLURM_CPUS_ON_NODE", "0")):
        return mine
    return max(1, mine // local_ranks)


def restarted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a scheduler started the job once before: it goes on, then, without being told."""
    counts = (environment.get(name, "0") for name in ("SLURM_RESTART_COUNT", "TORCHELASTIC_RESTART_COUNT"))
    return any(int(count) > 0 for count in counts)


def folder_name(environment: Mapping[str, str] = os.environ) -> str | None:
    """What all ranks call a run's folder, also after the job was started again; None: a rank alone, by the date.

    A Slurm job's number, the id of `torchrun --rdzv-id`, or, for torchrun on one machine, the date when it started.

    Raises:
        ConfigError: torchrun on several machines without an id.
    """
    if under_torchrun(environment):
        run_id = environment["TORCHELASTIC_RUN_ID"]
        if environment.get("GROUP_WORLD_SIZE", "1") == "1":
            return _date_of_parent()
        if run_id == "none":
            raise ConfigError(
                "several machines start this run, and each would name its folder by its own clock; type torchrun "
                "--rdzv-id=NAME, or hydra.run.dir=outputs/train/NAME"
            )
        return run_id
    if "SLURM_JOB_ID" in environment and "LOCAL_RANK" not in environment:
        return f"slurm-{environment['SLURM_JOB_ID']}"
    return None


def _date_of_parent() -> str:
    """When torchrun was started: the same for all its workers, however often it starts them again."""
    started = Path(f"/proc/{os.getppid()}")
    if not started.exists():
        raise ConfigError("the run needs a folder that all ranks know; type hydra.run.dir=outputs/train/NAME")
    return time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(started.stat().st_ctime))


def folder_overrides(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> list[str]:
    """What is to be added to a command line so that ranks started together write into one folder.

    Nothing where the folder was typed, nor for sweeps, whose folders have numbers.
    """
    typed = any(argument.lstrip("+").startswith("hydra.run.dir=") for argument in arguments)
    if typed or {"-m", "--multirun"} & set(arguments):
        return []
    name = folder_name(environment)
    return [] if name is None else [f"hydra.run.dir=outputs/train/${{run_name}}/{name}"]
