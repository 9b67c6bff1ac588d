"""Starts the ranks of one machine from the run's composed config, and ends all if one is lost."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.fabric.plugins.environments import ClusterEnvironment
from lightning.fabric.utilities.distributed import _set_num_threads_if_needed
from lightning.pytorch.strategies import DDPStrategy
from lightning.pytorch.strategies.launchers.launcher import _Launcher
from omegaconf import OmegaConf

from stylegan_pl.distributed.heartbeat import Heartbeat
from stylegan_pl.errors import UserError
from stylegan_pl.runs.status import write_status

GRACE_S = 15.0
"""Seconds in which a process may find out by itself that another is gone."""

_RECORD_S = 5.0  # seconds in which status.json is written at the end of a lost run
_STOPPED = (0, 75, 130)  # exit codes of a rank that ended in agreement with the others


class RankLauncher(_Launcher):
    """Starts ranks 1 … n−1 of this machine, unless torchrun or srun did, and waits for them at the end.

    Lightning's launcher runs the command line again, which with `-m` would start the sweep again. Ours gives each rank
    the composed config of its job.
    """

    def __init__(self, strategy: DDPStrategy, config: dict[str, Any], run_dir: Path) -> None:
        self.strategy, self.config, self.run_dir = strategy, config, run_dir
        self.ranks: list[subprocess.Popen[bytes]] = []
        self._over = threading.Event()

    @property
    def is_interactive_compatible(self) -> bool:
        """False: a notebook's cells cannot be run in another process."""
        return False

    def launch(self, function: Callable[..., Any], *args: Any, trainer: L.Trainer | None = None, **kwargs: Any) -> Any:
        """Lightning's hook: start the ranks, then call `function`.

        Raises:
            UserError: a rank ended or does not respond; the message names it.
        """
        strategy, environment = self.strategy, self.strategy.cluster_environment
        assert environment is not None
        environment.validate_settings(num_devices=strategy.num_processes, num_nodes=strategy.num_nodes)
        variables = dict(os.environ)
        with tempfile.TemporaryDirectory(prefix="stylegan_pl_") as folder:
            try:
                if not environment.creates_processes_externally:
                    self._start(Path(folder), environment)
                _set_num_threads_if_needed(num_processes=strategy.num_processes)
                if (heartbeat := _heartbeat(trainer)) is not None:
                    heartbeat.end = lambda reason: self.end_process(f"{reason}. {go_on(self.run_dir)}")
                result = function(*args, **kwargs)
                self._join()
                return result
            except Exception as error:  # backends have no common error type; other errors are raised again
                if is_collective(error) and (reason := self._reason(trainer)):
                    raise UserError(reason) from error
                raise
            finally:
                self._over.set()
                self.kill(signal.SIGKILL)  # a rank that is still running waits for one that is gone
                for name in ("MASTER_ADDR", "MASTER_PORT"):  # so that the next job of a sweep chooses another port
                    os.environ.pop(name, None)
                os.environ.update({k: v for k, v in variables.items() if k in ("MASTER_ADDR", "MASTER_PORT")})

    def _start(self, folder: Path, environment: ClusterEnvironment) -> None:
        """Write the composed config to a file, and start one process per rank, which reads it."""
        hydra = {"run": {"dir": str(self.run_dir)}, "job": {"name": "train"}, "output_subdir": None}
        config = OmegaConf.to_yaml(OmegaConf.create({**self.config, "hydra": hydra}))
        (folder / "config.yaml").write_text("defaults: [train_schema, _self_]\n" + config, encoding="utf-8")
        command = [sys.executable, "-m", "stylegan_pl.train", "--config-dir", str(folder), "--config-name", "config"]
        variables = os.environ | {
            "MASTER_ADDR": environment.main_address,
            "MASTER_PORT": str(environment.main_port),
            "NODE_RANK": str(environment.node_rank()),
        }
        for local_rank in range(1, self.strategy.num_processes):
            self.ranks.append(
                subprocess.Popen([*command, "hydra/job_logging=none"], env=variables | {"LOCAL_RANK": str(local_rank)})
            )
        threading.Thread(target=self._watch, name="ranks", daemon=True).start()

    def _watch(self) -> None:
        """A thread that ends this process if a rank is gone and the main thread is blocked in NCCL or a rendezvous."""
        while not self._over.wait(1.0):
            if lost := self._lost():
                if not self._over.wait(GRACE_S):
                    self.end_process(lost)
                return

    def _lost(self) -> str | None:
        """A description of the rank that ended before the others; None if none did."""
        first = self.strategy.node_rank * self.strategy.num_processes
        for rank, process in enumerate(self.ranks, start=first + 1):
            code = process.poll()
            if code not in (None, *_STOPPED):
                how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
                return f"rank {rank} (pid {process.pid}) {how}; what it said is above. {go_on(self.run_dir)}"
        return None

    def _join(self) -> None:
        """Wait for the other ranks, which end at the same time."""
        for process in self.ranks:
            try:
                process.wait(timeout=60.0)
            except subprocess.TimeoutExpired:
                return  # everything is saved, so the caller may end it
        if lost := self._lost():
            raise UserError(lost)

    def _reason(self, trainer: L.Trainer | None) -> str | None:
        """Which rank made a collective fail."""
        time.sleep(1.0)  # a process ends a moment after its connection is closed
        if lost := self._lost():
            return lost
        heartbeat = _heartbeat(trainer)
        silent = heartbeat.silent() if heartbeat is not None else None
        return f"{silent}. {go_on(self.run_dir)}" if silent else None

    def end_process(self, reason: str) -> None:
        """Print the reason, and end this process and the ranks that it started, while the main thread is blocked."""
        self.kill(signal.SIGKILL)
        print(f"error: {reason}", file=sys.stderr, flush=True)
        recorded = threading.Thread(target=self._record, args=(reason,), daemon=True)
        recorded.start()
        recorded.join(timeout=_RECORD_S)  # a network disk that is gone would block for ever
        os._exit(1)

    def _record(self, reason: str) -> None:
        with suppress(OSError):  # a full or a read-only disk
            write_status(self.run_dir, state="failed", error=reason)

    def kill(self, signum: int) -> None:
        """Send a signal to the ranks that are still running."""
        for process in self.ranks:
            if process.poll() is None:
                process.send_signal(signum)


def _heartbeat(trainer: L.Trainer | None) -> Heartbeat | None:
    callbacks: list[Any] = getattr(trainer, "callbacks", [])
    return next((c for c in callbacks if isinstance(c, Heartbeat)), None)


def go_on(run_dir: Path) -> str:
    """What to type to continue after a rank was lost."""
    return f"To go on from its last checkpoint type resume=auto hydra.run.dir={run_dir}"


def is_collective(error: BaseException) -> bool:
    """Whether an error is a failed collective, by its text, because gloo's errors have no class of their own."""
    if isinstance(error, torch.distributed.DistError):
        return True
    words = r"gloo|nccl|connection|peer|pair closure|store|time-?out|timed out|broken pipe"
    return isinstance(error, RuntimeError) and re.search(words, str(error), re.IGNORECASE) is not None
