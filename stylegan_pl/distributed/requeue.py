"""Requeues a job that Slurm has interrupted."""

import logging
import os
import signal
import subprocess
import time

import torch

from stylegan_pl.runs.ranks import is_first, under_torchrun

_log = logging.getLogger(__name__)

_UNTIL_KILLED_S = 60.0  # seconds to wait: Slurm kills a requeued job's processes after KillWait, usually 30 s


def requeue() -> None:
    """Rank 0 calls `scontrol requeue`, after everything is saved; all ranks must call this. Does nothing outside Slurm.

    The other ranks wait, because `srun --kill-on-bad-exit` would end rank 0 as soon as one of them ends. Then all wait
    for Slurm to kill them, because a launcher would take a job that returns for finished.
    """
    if "SLURM_JOB_ID" not in os.environ or ("LOCAL_RANK" in os.environ and not under_torchrun()):
        return  # started by rank 0, which waits for it
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    done = _ask() if is_first() else True
    if torch.distributed.is_initialized():
        answer = [done]
        try:
            torch.distributed.broadcast_object_list(answer)
        except RuntimeError:  # rank 0 was killed, so the job is requeued
            answer = [True]
        done = bool(answer[0])
    if done:
        time.sleep(_UNTIL_KILLED_S)


def job() -> str:
    """The job's name for scontrol; a task of an array is requeued on its own."""
    array, task = os.environ.get("SLURM_ARRAY_JOB_ID"), os.environ.get("SLURM_ARRAY_TASK_ID")
    return f"{array}_{task}" if array and task else os.environ["SLURM_JOB_ID"]


def _ask() -> bool:
    try:
        asked = subprocess.run(["scontrol", "requeue", job()], capture_output=True, text=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        _log.warning("scontrol requeue %s: %s; start the run again yourself, it goes on by resume=auto", job(), error)
        return False
    if asked.returncode != 0:
        answer = (asked.stderr or asked.stdout).strip()
        _log.warning("scontrol requeue %s: %s; start the run again yourself with resume=auto", job(), answer)
        return False
    _log.info("requeued as Slurm job %s", job())
    return True
