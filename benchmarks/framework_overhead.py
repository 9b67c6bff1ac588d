"""What Lightning, callbacks and logging cost: our step under the Trainer against the same operations in a bare loop.

    python -m benchmarks.framework_overhead +experiment=sample

Batches lie ready in memory for both. In the Trainer's loop each batch is followed by a bare step of a second model: A B
A B …; a Trainer's batch is all from the end of the bare step to the end of the last callback's turn. Validations and
checkpoints are left out: they are not part of a step. The sample's small networks are the hard case.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch.utils.data import DataLoader, IterableDataset

from benchmarks.pairs import Spent, cpu_ratio, last_line, machine, median, ratio, table, timed
from benchmarks.reference_step import arguments
from benchmarks.steps import NO_DOWNLOADS, Step, built, composed, random_batch
from stylegan_pl.contracts import StylePair
from stylegan_pl.training.build import build_trainer
from stylegan_pl.training.quiet import quiet_libraries

_WARM_UP = 5  # batches
_LEFT_OUT = ("checkpoints", "evaluation", "samples", "diagnosis")  # callbacks of validations


def main() -> None:
    """Run both in turn and print what the Trainer adds."""
    batches, overrides = arguments(sys.argv[1:], repetitions=40)
    quiet_libraries()
    with tempfile.TemporaryDirectory() as folder:
        out = [f"run_dir={folder}", "logger=csv", "log_every_batches=10", "max_images=1000000000"]
        left_out = [f"~callbacks.{name}" for name in _LEFT_OUT]
        config = composed([*NO_DOWNLOADS, *overrides, *out, *left_out])
        batch = random_batch(config)
        turns = _Turns(Step(config, batch), batches)
        trainer = build_trainer(config, Path(folder))
        trainer.callbacks.append(turns)  # type: ignore[attr-defined]  # set by a connector
        trainer.fit(built(config), _Ready(batch))
    trained, bare = turns.trained[_WARM_UP:], turns.bare[_WARM_UP:]
    overhead = ratio(trained, bare) - 1
    table(
        [
            {"loop": "Trainer", "median ms": 1e3 * median(trained)},
            {"loop": "bare", "median ms": 1e3 * median(bare)},
        ]
    )
    print(f"overhead, median of {len(bare)} pairs: {overhead:.1%}")
    facts = {"overhead": round(overhead, 4), "cpu_overhead": round(cpu_ratio(trained, bare) - 1, 4)}
    last_line({**facts, "seconds": {"trainer": median(trained), "bare": median(bare)}, **machine()})


class _Ready(L.LightningDataModule):
    """The same batch for ever, without copies."""

    epoch_images = 1000

    def __init__(self, batch: StylePair) -> None:
        super().__init__()
        self.batch = batch

    def train_dataloader(self) -> DataLoader[StylePair]:
        """See the class."""
        return DataLoader(_Endless(self.batch), batch_size=None)


class _Endless(IterableDataset[StylePair]):
    def __init__(self, batch: StylePair) -> None:
        self.batch = batch

    def __iter__(self) -> Iterator[StylePair]:
        while True:
            yield self.batch


class _Turns(L.Callback):
    """After each of the Trainer's batches, a bare step."""

    def __init__(self, step: Step, batches: int) -> None:
        self.step, self.batches = step, batches + _WARM_UP
        self.trained: list[Spent] = []
        self.bare: list[Spent] = []
        self._since = (0.0, 0.0)

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start the clocks."""
        self._since = (time.perf_counter(), time.process_time())

    def on_train_batch_end(self, trainer: L.Trainer, *_: Any) -> None:
        """Read them, and start them anew after the bare step."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()  # what the device still has to do belongs to the Trainer's batch
        wall, cpu = self._since
        self.trained.append(Spent(time.perf_counter() - wall, time.process_time() - cpu))
        self.bare.append(timed(self.step))
        if len(self.bare) >= self.batches:
            trainer.should_stop = True
        self._since = (time.perf_counter(), time.process_time())


if __name__ == "__main__":
    main()
