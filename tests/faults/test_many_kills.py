"""A CycleGAN with pools of fakes and ADA, killed fifty times at random moments, ends in the undisturbed bytes."""

import csv
import random
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from conftest import SMALL
from fitting import assert_same
from preloaded import Started

KILLS = 50
IMAGES = 500  # more than so many lives get to
TYPED = [
    *SMALL,
    *("model=cyclegan", "model.game.pool_size=50", "model.discriminator.spectral_norm=true", "batch_size=1"),
    *("diff_augment=ada", "diff_augment.interval=4", "diff_augment.ramp_images=400"),
    *(f"max_images={IMAGES}", "val_every_images=100", "callbacks.checkpoints.every_images=3", "data.workers=1"),
    *("deterministic=true", "model.mechanics.ema_half_life_images=100", "hydra.run.dir=run"),
]
WITHIN_S = 600.0


def start(cwd: Path, image_sets: Path, *overrides: str) -> Started:
    return Started("stylegan_pl.train", f"data_root={image_sets}", *TYPED, *overrides, cwd=cwd)


def kill_at_random(running: Started, checkpoint: Path, rng: random.Random) -> None:
    """While it sets up, or trains, or saves: after none, one or two saves, and a moment."""
    saves, moment = rng.choice([0, 1, 1, 2]), rng.uniform(0, 0.1)
    moment += rng.uniform(0, 2) if saves == 0 else 0
    seen = inode(checkpoint)
    while saves and running.process.is_alive():
        if inode(checkpoint) != seen:
            seen, saves = inode(checkpoint), saves - 1
        time.sleep(0.002)
    time.sleep(moment)
    running.process.kill()
    running.process.join()


def inode(path: Path) -> int | None:
    """Another one with each save, whose file takes the place of the last."""
    return path.stat().st_ino if path.exists() else None


def last(cwd: Path) -> dict[str, Any]:
    return torch.load(cwd / "run/checkpoints/last.ckpt", weights_only=True)


def logged(cwd: Path) -> list[dict[str, str]]:
    with (cwd / "run/metrics.csv").open() as file:
        return [{key: row[key] for key in row if "per_second" not in key} for row in csv.DictReader(file)]


@pytest.mark.slow
def test_fifty_kills_change_no_byte(tmp_path, image_sets):
    whole, killed = tmp_path / "whole", tmp_path / "killed"
    whole.mkdir()
    killed.mkdir()
    done = start(whole, image_sets).ended(within_s=WITHIN_S)
    assert done.returncode == 0, done.stderr

    rng, reached = random.Random(16), []
    for kill in range(KILLS):
        running = start(killed, image_sets, "resume=auto")
        kill_at_random(running, killed / "run/checkpoints/last.ckpt", rng)
        said = running.said[1].read_text() if running.said[1].exists() else ""
        assert running.process.exitcode == -9 and "Traceback" not in said, (kill, said)
        reached.append(last(killed)["images_seen"] if (killed / "run/checkpoints/last.ckpt").exists() else 0)
    assert reached == sorted(reached) and reached[-1] < IMAGES, reached
    print(f"{KILLS} kills; saved by then, in images: {reached}")
    done = start(killed, image_sets, "resume=auto").ended(within_s=WITHIN_S)
    assert done.returncode == 0, done.stderr

    a, b = last(whole), last(killed)
    assert a["images_seen"] == b["images_seen"] == IMAGES
    pools = [value["images"] for key, value in a["state_dict"].items() if key.endswith("pool._extra_state")]
    assert [len(pool) for pool in pools] == [50, 50]
    for key in ("state_dict", "optimizer_states"):
        assert_same(a[key], b[key])
    assert logged(whole) == logged(killed)
