"""5,000 steps, validations and checkpoints among them, hold as much memory and as many files as the first thousand."""

import gc
import os
from pathlib import Path

import pytest
import torch
from lightning import Callback

from stylegan_pl.training.build import build_data, build_model, build_trainer

STEPS, WARM = 5000, 1000  # by then every cache and pool is full
MOST_GROWTH = 4e6  # bytes of a process in 4,000 steps: 1 kB a step, a third of the smallest picture here


class Watch(Callback):
    """What this process and its loader's workers hold, every 500 steps."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        if (batch_idx + 1) % 500 == 0:
            gc.collect()
            tensors = sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())
            workers = sorted(
                int(pid) for pid in os.listdir("/proc") if pid.isdigit() and parent(int(pid)) == os.getpid()
            )
            held = {f"memory of worker {n}": resident(pid) for n, pid in enumerate(workers)}
            files = {f"files of worker {n}": open_files(pid) for n, pid in enumerate(workers)}
            mine = {"memory": resident(os.getpid()), "files": open_files(os.getpid()), "tensors": tensors}
            self.rows.append({"step": batch_idx + 1, **mine, **held, **files})


def resident(pid: int) -> int:
    """Bytes, less what is shared with files and other processes."""
    pages = [int(number) for number in Path(f"/proc/{pid}/statm").read_text().split()]
    return (pages[1] - pages[2]) * os.sysconf("SC_PAGE_SIZE")


def open_files(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


def parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # gone meanwhile
        return 0


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process holds is read from /proc")
def test_memory_and_open_files_stay_flat(train_config):
    config = train_config(
        "model=cyclegan", "model.game.pool_size=4", "diff_augment=ada", "image_size=16", "batch_size=1",
        "model.generator.width=4", "model.discriminator.width=4", "data.workers=1", "metric=[sliced_wasserstein]",
        f"max_images={STEPS}", "val_every_images=500", "data.val_pairs=2", "callbacks.evaluation.style_crops=4",
        "logger=csv",
        "callbacks.diagnosis.detectors.saturation.window_images=100",  # of terms kept; 4,000 would fill up till the end
    )  # fmt: skip
    data, model, watch = build_data(config), build_model(config), Watch()
    data.prepare()
    trainer = build_trainer(config, Path(config.run_dir))
    trainer.callbacks.append(watch)
    trainer.fit(model, data)
    assert model.clock.images_seen == STEPS and len(watch.rows) == STEPS // 500
    for row in watch.rows:
        print({name: round(value / 1e6, 1) if "memory" in name else value for name, value in row.items()})
    warm = [row for row in watch.rows if row["step"] >= WARM]
    for name in set(warm[0]) - {"step"}:
        first, last = warm[0][name], warm[-1][name]
        if "memory" in name:
            assert last - first < MOST_GROWTH, name
        else:
            assert last <= first, name
