"""DDP for two players, and the cluster environment that assigns ranks."""

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

_START = timedelta(minutes=10)  # machines of a cluster start at different times


def cluster_environment() -> ClusterEnvironment:
    """The cluster environment. Slurm's jobs are requeued by our callback, between two batches, never by Lightning."""
    if under_torchrun():
        return TorchElasticEnvironment()
    if under_srun():
        found = launched()
        assert found is not None
        os.environ.setdefault("SLURM_NTASKS_PER_NODE", str(found[1]))  # Lightning requires it
        return SLURMEnvironment(auto_requeue=False)
    return LightningEnvironment()


class TwoPlayerDDP(DDPStrategy):
    """Lightning's DDP for a module that holds both players.

    Each backward pass leaves the other player's parameters unused, which DDP must detect. Buffers are not broadcast:
    instance norm has none, and others (spectral norm's vectors, ADA's p) change equally on all ranks.

    Args:
        timeout_s: seconds that a rank waits for another before it ends the job; must be longer than rank 0 needs for a
            validation's grid and checkpoint. At the start, ranks wait ten minutes.
    """

    def __init__(self, *, timeout_s: float = 300.0) -> None:
        if timeout_s <= 0:
            raise ValueError(f"timeout_s is a time in seconds, got {timeout_s}; try 300")
        super().__init__(find_unused_parameters=True, broadcast_buffers=False, timeout=_START)
        self.timeout_s = timeout_s
        self.config: dict[str, Any] = {}  # the run's config, with which ranks are started
        self.run_dir = Path()

    def setup_distributed(self) -> None:
        """Lightning's hook; once all ranks have started, the time-out applies."""
        super().setup_distributed()
        # longer for NCCL, whose watchdog ends the process without a message, so that `Heartbeat` comes first
        later = 0.0 if torch.distributed.get_backend() == "gloo" else GRACE_S
        _set_timeout(timedelta(seconds=self.timeout_s + later))

    def _configure_launcher(self) -> None:
        assert self.cluster_environment is not None
        self._launcher = RankLauncher(self, self.config, self.run_dir)

    def teardown(self) -> None:
        """Lightning's hook; ends the process group, because the next job of a sweep has its own."""
        super().teardown()
        assert self.cluster_environment is not None
        ours = isinstance(self.cluster_environment, LightningEnvironment) and self.global_rank == 0
        if ours and torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()


def _set_timeout(timeout: timedelta) -> None:
    """`torch.distributed.set_timeout`, which has another name in older versions."""
    from torch.distributed import distributed_c10d as c10d

    found = getattr(torch.distributed, "set_timeout", None) or c10d._set_pg_timeout
    found(timeout)
