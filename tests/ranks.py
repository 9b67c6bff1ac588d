"""What tests put into the ranks of a run: a record of each one's weights, and faults."""

import os
import signal
import time
from pathlib import Path

import torch
from lightning import Callback

PYTHONPATH = os.pathsep.join(map(str, (Path(__file__).parent, Path(__file__).parents[1])))
"""Where ranks find this file, and the package beside it."""

DDP = ["trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2"]
SGD = [  # Adam would blow up rounding where a gradient is 0 by theory, as before a norm
    change
    for player in ("generator", "discriminator")
    for change in (f"model.{player}_optimizer._target_=torch.optim.SGD", f"~model.{player}_optimizer.betas")
]


class Witness(Callback):
    """Each rank's weights at the end as `rank0.pt`, …; `pause_s` before a batch, for signals that come from outside."""

    def __init__(self, folder: str, *, pause_s: float = 0.0) -> None:
        self.folder, self.pause_s = Path(folder), pause_s
        self.keys: list[int] = []

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        time.sleep(self.pause_s)
        self.keys.append(int(batch.content.double().mul(1e6).sum()))  # which images these were

    def on_train_end(self, trainer, pl_module) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        weights = {name: value for name, value in pl_module.state_dict().items() if torch.is_tensor(value)}
        record = {"weights": weights, "images_seen": pl_module.clock.images_seen, "ranks": trainer.world_size}
        torch.save(record | {"keys": self.keys}, self.folder / f"rank{trainer.global_rank}.pt")


class Fault(Callback):
    """One rank sends itself a signal once, in the batch that begins at so many images.

    Args:
        number: a signal's name; SIGSTOP freezes the rank, SIGKILL is a machine that is gone.
        marker: a file that is left, so that a restarted rank is spared.
    """

    def __init__(self, rank: int, images: int, number: str, marker: str) -> None:
        self.rank, self.images, self.number, self.marker = rank, images, signal.Signals[number], Path(marker)

    def on_train_batch_start(self, trainer, pl_module, batch, batch_idx) -> None:
        due = trainer.global_rank == self.rank and pl_module.clock.images_seen >= self.images
        if due and not self.marker.exists():
            self.marker.write_text(str(os.getpid()))
            os.kill(os.getpid(), self.number)


def witness(folder: Path, **options: float) -> list[str]:
    """Overrides that add a `Witness`."""
    keys = [f"++callbacks.witness.{key}={value}" for key, value in options.items()]
    return ["+callbacks.witness._target_=ranks.Witness", f"+callbacks.witness.folder={folder}", *keys]


def fault(folder: Path, number: str, *, rank: int, images: int) -> list[str]:
    """Overrides that add a `Fault`."""
    values = {"_target_": "ranks.Fault", "rank": rank, "images": images, "number": number, "marker": folder / "marker"}
    return [f"+callbacks.fault.{key}={value}" for key, value in values.items()]


def records(folder: Path) -> list[dict]:
    """What the ranks left, in their order."""
    return [torch.load(path, weights_only=True) for path in sorted(folder.glob("rank*.pt"))]
