"""A job that Slurm interrupts goes back into Slurm's queue."""

import logging
import os
import signal
import subprocess
import time

import torch

from stylegan_pl.runs.ranks import is_first, under_torchrun

_log = logging.getLogger(__name__)

_UNTIL_KILLED_S = 60.0  # seconds; Slurm ends a requeued job's processes after its KillWait, 30 s as a rule


def requeue() -> None:
    """`scontrol requeue` by rank 0, once everything is saved; all ranks call it. Nothing happens outside Slurm.

    The others wait: `srun --kill-on-bad-exit` would end rank 0 with the first of them, before it has asked. Then Slurm
    ends the job's processes; they wait for that, as a launcher that saw them return would take the job for done.
    """
    if "SLURM_JOB_ID" not in os.environ or ("LOCAL_RANK" in os.environ and not under_torchrun()):
        return  # rank 0 waits for the ranks that it has started itself
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    done = _ask() if is_first() else True
    if torch.distributed.is_initialized():
        answer = [done]
        try:
            torch.distributed.broadcast_object_list(answer)
        except RuntimeError:  # rank 0 has been ended: the request was granted
            answer = [True]
        done = bool(answer[0])
    if done:
        time.sleep(_UNTIL_KILLED_S)


def job() -> str:
    """The job as scontrol names it; a task of an array is requeued on its own."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ["SLURM_JOB_ID"]


def _ask() -> bool:
    try:
        asked = subprocess.run(["scontrol", "requeue", job()], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("scontrol requeue %s: %s; start the run again yourself, it goes on by resume=auto", job(), error)
        return False
    if asked.returncode != 0:
        said = (asked.stderr or asked.stdout).strip()
        _log.warning("scontrol requeue %s: %s; start the run again yourself with resume=auto", job(), said)
        return False
    _log.info("requeued as Slurm job %s", job())
    return True
