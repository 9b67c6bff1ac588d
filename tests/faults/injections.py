"""What is done to a run on purpose: at a count of images, from within; no run of ours asks for it."""

import multiprocessing
import os
import signal
from collections.abc import Callable
from pathlib import Path

import torch
from lightning import Callback

from stylegan_pl import run as run_module
from stylegan_pl.outcome import Outcome


class At(Callback):
    """Calls `fault` once, in the batch that begins when so many images are seen."""

    def __init__(self, images: int, fault: Callable[[], None]) -> None:
        self.images, self.fault = images, fault

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if pl_module.images_seen == self.images:
            self.fault()


def workers() -> list[int]:
    """Processes that this one has forked to read pictures."""
    return [process.pid for process in multiprocessing.active_children() if "DataLoader" not in process.name]


def signal_to_the_group(number: signal.Signals) -> None:
    """What `timeout`, Slurm and a terminal do: every process of the run hears it, this one last."""
    for pid in [*workers(), os.getpid()]:
        os.kill(pid, number)


def kill_a_worker() -> None:
    """As the system does for want of memory."""
    os.kill(workers()[0], signal.SIGKILL)


def full_disk_for(path: Path) -> None:
    """The next file written beside `path` finds no room."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.unlink(missing_ok=True)
    partial.symlink_to("/dev/full")


def run_with(config, monkeypatch, *callbacks: Callback) -> Outcome:
    """`run`, with faults."""
    build = run_module.build_trainer

    def with_faults(config, run_dir: Path):
        trainer = build(config, run_dir)
        trainer.callbacks.extend(callbacks)
        return trainer

    with monkeypatch.context() as patched:
        patched.setattr(run_module, "build_trainer", with_faults)
        return run_module.run(config)


def last(run_dir: Path) -> dict:
    """The newest checkpoint."""
    return torch.load(run_dir / "checkpoints/last.ckpt", weights_only=True)
