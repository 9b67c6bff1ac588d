"""DDP for two players, and who says which rank a process is."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.environments import (
    ClusterEnvironment,
    LightningEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from lightning.pytorch.strategies import DDPStrategy

from stylegan_pl.distributed.launcher import GRACE_S, RankLauncher
from stylegan_pl.runs.ranks import launched, under_srun, under_torchrun

_START = timedelta(minutes=10)  # machines of a cluster do not start at the same time


def cluster_environment() -> ClusterEnvironment:
    """Who says which rank this is. Slurm's jobs are requeued by us, between two batches, and never by Lightning."""
    if under_torchrun():
        return TorchElasticEnvironment()
    if under_srun():
        found = launched()
        assert found is not None
        os.environ.setdefault("SLURM_NTASKS_PER_NODE", str(found[1]))  # Lightning insists on it
        return SLURMEnvironment(auto_requeue=False)
    return LightningEnvironment()


class TwoPlayerDDP(DDPStrategy):
    """Lightning's DDP for a module that holds both players.

    Each backward leaves the other player's parameters unused, which DDP has to find. Buffers are not broadcast:
    instance norm keeps no statistics, and what there are (spectral norm's vectors, ADA's p) every rank moves alike.

    Args:
        timeout_s: seconds after which ranks that wait for another end the job; more than the longest validation's
            grid and checkpoint take on rank 0 while the others wait. For each other's start they wait ten minutes.
    """

    def __init__(self, *, timeout_s: float = 300.0) -> None:
        if timeout_s <= 0:
            raise ValueError(f"timeout_s is a time in seconds, got {timeout_s}; try 300")
        super().__init__(find_unused_parameters=True, broadcast_buffers=False, timeout=_START)
        self.timeout_s = timeout_s
        self.config: dict[str, Any] = {}  # the run's, from which its ranks are started
        self.run_dir = Path()

    def setup_distributed(self) -> None:
        """Lightning's hook; once all are there, they are expected to keep up."""
        super().setup_distributed()
        # NCCL's watchdog would end the process without a word: there, `Heartbeat` comes first
        later = 0.0 if torch.distributed.get_backend() == "gloo" else GRACE_S
        _set_timeout(timedelta(seconds=self.timeout_s + later))

    def _configure_launcher(self) -> None:
        assert self.cluster_environment is not None
        self._launcher = RankLauncher(self, self.config, self.run_dir)

    def teardown(self) -> None:
        """Lightning's hook; the next job of a sweep has ranks of its own."""
        super().teardown()
        assert self.cluster_environment is not None
        ours = isinstance(self.cluster_environment, LightningEnvironment) and self.global_rank == 0
        if ours and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _set_timeout(timeout: timedelta) -> None:
    """`torch.distributed.set_timeout`, which older versions have under another name."""
    from torch.distributed import distributed_c10d as c10d

    found = getattr(torch.distributed, "set_timeout", None) or c10d._set_pg_timeout
    found(timeout)
