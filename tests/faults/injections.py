"""What is done to a run on purpose: at a count of images, from within; no run of ours asks for it."""

import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import torch
from lightning import Callback

from stylegan_pl.runs.outcome import Outcome
from stylegan_pl.training import fit as fit_module
from stylegan_pl.training.run import run


class At(Callback):
    """Calls `fault` once, in the batch that begins when so many images are seen."""

    def __init__(self, images: int, fault: Callable[[], None]) -> None:
        self.images, self.fault = images, fault

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if pl_module.clock.images_seen == self.images:
            self.fault()


def workers() -> list[int]:
    """Processes that this one has forked to read pictures."""
    return [process.pid for process in multiprocessing.active_children() if "DataLoader" not in process.name]


def signal_to_the_group(number: signal.Signals) -> None:
    """What `timeout`, Slurm and a terminal do: every process of the run hears it, this one last."""
    for pid in [*workers(), os.getpid()]:
        os.kill(pid, number)


def silence_a_worker() -> None:
    """As a network disk that is gone does."""
    os.kill(workers()[0], signal.SIGSTOP)


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
    build = fit_module.build_trainer

    def with_faults(config, run_dir: Path):
        trainer = build(config, run_dir)
        trainer.callbacks.extend(callbacks)
        return trainer

    with monkeypatch.context() as patched:
        patched.setattr(fit_module, "build_trainer", with_faults)
        return run(config)


def last(run_dir: Path) -> dict:
    """The newest checkpoint."""
    return torch.load(run_dir / "checkpoints/last.ckpt", weights_only=True)


class Struck(Callback):
    """One of the faults below, by name, in the batch that begins at so many images; for commands.

    Args:
        note: a file that says how many images were trained on, whatever happens; beside it one that ends in .struck
            when the fault has been.
    """

    def __init__(self, fault: str, images: int, note: str) -> None:
        self.fault, self.images, self.note = fault, images, Path(note)
        os.setpgid(0, 0)  # a group of its own, as a shell gives each command: its workers are in it, a test is not

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        if pl_module.clock.images_seen == self.images:
            self.note.with_suffix(".struck").touch()
            name, _, word = self.fault.partition("_")
            getattr(self, f"_{name}" if name == "group" else f"_{self.fault}")(trainer, pl_module, word)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.note.write_text(str(pl_module.clock.images_seen))

    def _kill(self, trainer, model, word: str) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def _kill_in_mid_write(self, trainer, model, word: str) -> None:
        def save(checkpoint, file) -> None:
            file.write(b"PK" * 1000)
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)

        torch.save = save

    def _group(self, trainer, model, word: str) -> None:
        os.killpg(0, signal.Signals[word])

    def _again_in_mid_write(self, trainer, model, word: str) -> None:
        def save(checkpoint, file, *, to=torch.save) -> None:
            os.kill(os.getpid(), signal.SIGINT)
            to(checkpoint, file)

        torch.save = save
        os.kill(os.getpid(), signal.SIGINT)

    def _kill_worker(self, trainer, model, word: str) -> None:
        kill_a_worker()

    def _silence_worker(self, trainer, model, word: str) -> None:
        silence_a_worker()
        threading.Timer(3, os.kill, (os.getpid(), signal.SIGTERM)).start()  # by then the run waits for pictures

    def _full_disk(self, trainer, model, word: str) -> None:
        full_disk_for(Path(trainer.default_root_dir) / "checkpoints/last.ckpt")

    def _remove_checkpoints(self, trainer, model, word: str) -> None:
        shutil.rmtree(Path(trainer.default_root_dir) / "checkpoints")

    def _remove_folder(self, trainer, model, word: str) -> None:
        shutil.rmtree(trainer.default_root_dir)

    def _record_a_folder(self, trainer, model, word: str) -> None:
        record = Path(trainer.default_root_dir) / "metrics.csv"
        record.unlink()
        record.mkdir()

    def _not_a_number(self, trainer, model, word: str) -> None:
        with torch.no_grad():
            next(model.generator.parameters()).fill_(float("nan"))

    def _second_start(self, trainer, model, word: str) -> None:
        typed = [*sys.argv[1:], "resume=auto"]
        typed = [text for text in typed if "callbacks.struck" not in text]
        done = subprocess.run([sys.executable, "-m", "stylegan_pl.train", *typed], capture_output=True, text=True)
        assert done.returncode == 2 and "another run" in done.stderr, done.stderr
