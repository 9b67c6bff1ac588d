"""The rank of this process, as torchrun, srun or our own launcher set it."""

import os
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from stylegan_pl.errors import ConfigError


def under_torchrun(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether torchrun started this process; if torchrun itself runs below srun, torchrun counts."""
    return "TORCHELASTIC_RUN_ID" in environment


def under_srun(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this is one of several tasks of a Slurm step.

    The script that sbatch starts is no step, and a step of one task may start ranks of its own.
    """
    tasks = environment.get("SLURM_STEP_NUM_TASKS", environment.get("SLURM_NTASKS", "1"))
    return "SLURM_STEP_ID" in environment and int(tasks) > 1 and not under_torchrun(environment)


def is_first(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether this process writes files and messages for all: rank 0, also before there is a process group."""
    if "RANK" in environment:  # torchrun, and launchers that imitate it
        return int(environment["RANK"]) == 0
    if under_srun(environment):
        return int(environment["SLURM_PROCID"]) == 0
    return all(int(environment.get(name, 0)) == 0 for name in ("NODE_RANK", "LOCAL_RANK"))


def launched(environment: Mapping[str, str] = os.environ) -> tuple[int, int] | None:
    """(machines, processes on each) that torchrun or srun started; None if neither did.

    Raises:
        ConfigError: a Slurm job of several tasks whose script runs Python without srun: this process would wait
            for the others for ever.
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
            f"the Slurm job has {environment['SLURM_NTASKS']} tasks, and this process is not one of them; "
            "type srun before python"
        )
    return None


def cores(*, local_ranks: int = 1, environment: Mapping[str, str] = os.environ) -> int:
    """Number of cores for this process: the cores it may run on, divided among the ranks of this machine.

    If srun has bound each task to its own cores, they are not divided.

    Args:
        local_ranks: processes of the run on this machine.
    """
    mine = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if under_srun(environment) and mine < int(environment.get("SLURM_CPUS_ON_NODE", "0")):
        return mine
    return max(1, mine // local_ranks)


def restarted(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a scheduler has restarted the job; it then resumes by itself."""
    counts = (environment.get(name, "0") for name in ("SLURM_RESTART_COUNT", "TORCHELASTIC_RESTART_COUNT"))
    return any(int(count) > 0 for count in counts)


def folder_name(environment: Mapping[str, str] = os.environ) -> str | None:
    """The name of a run's folder for all ranks, also after a restart; None for a single rank, which uses the date.

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
    """The date when torchrun started; it is the same for all workers, also after restarts."""
    try:
        started = started_at(os.getppid())
    except OSError as error:
        message = "the run needs a folder that all ranks know; type hydra.run.dir=outputs/train/NAME"
        raise ConfigError(message) from error
    return time.strftime("%Y-%m-%d_%H-%M-%S", time.localtime(started))


def started_at(pid: int) -> float:
    """When a process of this machine started, seconds since 1970: `starttime` of proc(5), counted from the boot.

    The file times of /proc/PID are those of the first look at it.

    Raises:
        OSError: there is no /proc, or no such process.
    """
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])  # a name may contain spaces
    boot = re.search(r"^btime (\d+)", Path("/proc/stat").read_text(), re.MULTILINE)
    return int(boot[1] if boot else 0) + ticks / os.sysconf("SC_CLK_TCK")


def folder_overrides(arguments: Sequence[str], environment: Mapping[str, str] = os.environ) -> list[str]:
    """Words to add to a command line so that all ranks of a run write into one folder.

    Empty if the folder was typed, and for sweeps, whose folders have numbers.
    """
    typed = any(argument.lstrip("+").startswith("hydra.run.dir=") for argument in arguments)
    if typed or {"-m", "--multirun"} & set(arguments):
        return []
    name = folder_name(environment)
    return [] if name is None else [f"hydra.run.dir=outputs/train/${{run_name}}/{name}"]
