"""The experiment that most people type, killed in the middle.

Its `strokes` loss draws crops inside a step, and `relative_palette` draws positions before the first one, after random
numbers have gone into building the painter that the run starts from; a resumed run does not build it.
"""

from pathlib import Path

import pytest
from conftest import compose_config
from faults.injections import last
from fitting import assert_same
from images_on_disk import write_images
from preloaded import Started

from stylegan_pl.training.run import run

SMALL_PAINTER = [
    *("+experiment=my_painter", "image_size=64", "batch_size=1", "model.discriminator.width=4"),
    *("feature_network.filters=8", "metric=[palette]", "logger=none"),
    *("image_loss.strokes.most_paintings=3", "image_loss.relative_palette.statistic.positions=50"),
    *("max_images=9", "val_every_images=9", "callbacks.checkpoints.every_images=3", "data.workers=1", "device=cpu"),
]


@pytest.fixture
def sets(tmp_path) -> list[str]:
    """Options for a few photographs and paintings, larger than a crop so that its place is drawn."""
    write_images(tmp_path / "photographs", 6, size=72, hue=0, seed=1)
    write_images(tmp_path / "paintings", 4, size=80, hue=2, seed=2)
    return [f"data.content.root={tmp_path / 'photographs'}", f"data.style.root={tmp_path / 'paintings'}"]


def trained(sets: list[str], folder: Path, *typed: str) -> dict:
    """Its last checkpoint."""
    assert run(compose_config("train", [*SMALL_PAINTER, *sets, f"run_dir={folder}", *typed])) == 0
    return last(folder)


def test_my_painter_killed_and_resumed_ends_in_the_undisturbed_bytes(sets, tmp_path):
    typed = [*SMALL_PAINTER, *sets, "hydra.run.dir=killed", "+callbacks.struck._target_=faults.injections.Struck"]
    struck = [f"+callbacks.struck.{option}" for option in ("fault=kill", "images=5", "note=trained_on")]
    done = Started("stylegan_pl.train", *typed, *struck, cwd=tmp_path).ended(within_s=300)
    assert done.returncode == -9, done.stderr
    killed = tmp_path / "killed"
    assert (tmp_path / "trained_on").read_text() == "5" and last(killed)["images_seen"] == 3
    resumed, whole = trained(sets, killed, "resume=auto"), trained(sets, tmp_path / "whole")
    assert resumed["images_seen"] == whole["images_seen"] == 9
    for key in ("state_dict", "optimizer_states", "lr_schedulers"):
        assert_same(whole[key], resumed[key])
    assert any("image_loss" in name or "usual_" in name for name in whole["state_dict"])  # the loss's own measures, too
