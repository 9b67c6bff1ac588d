"""The verbs as a user types them: train, then stylize with what it left."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from conftest import SMALL
from fitting import assert_same, command
from images_on_disk import write_images
from PIL import Image
from preloaded import preloaded

from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.tensors import image_to_tensor, to_float, to_uint8
from stylegan_pl.runs.checkpoint import load_generator


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, image_sets: Path) -> tuple[Path, str]:
    """A run made by the flagship's command line, cut short, W&B included; and what it printed."""
    cwd = tmp_path_factory.mktemp("work")
    arguments = [
        f"data.content.root={image_sets / 'content'}",
        f"data.style.root={image_sets / 'style'}",
        "hydra.run.dir=run",
    ]
    done = command("stylegan_pl.train", "+experiment=coco_vangogh", *arguments, *SMALL, "logger=wandb", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return cwd, done.stdout + done.stderr


def test_without_a_key_wandb_goes_offline_and_says_so_in_one_line(trained):
    cwd, said = trained
    assert sum("W&B" in line for line in said.splitlines()) == 1
    assert "W&B: no API key, so the run is kept offline" in said
    assert list((cwd / "run/wandb").glob("offline-run-*"))


def test_the_end_names_checkpoint_grid_and_the_next_command(trained):
    cwd, said = trained
    assert "checkpoint  run/checkpoints/best.ckpt" in said and "last grid   run/samples/000000008.png" in said
    assert "stylegan_pl.stylize ckpt=run input=PHOTO" in said and "paintings among themselves" in said
    assert (cwd / "run/train.log").read_text().count("done in ") == 1


def test_the_saved_config_repeats_the_run(trained):
    cwd, _ = trained
    again = preloaded(
        "stylegan_pl.train",
        "--config-dir",
        "run",
        "--config-name",
        "config",
        "~logger.wandb",
        "hydra.run.dir=again",
        cwd=cwd,
    )
    assert again.returncode == 0, again.stderr
    assert "[INFO]" not in again.stdout and "\ndone in " in again.stdout  # our lines, not Hydra's
    first, second = (torch.load(cwd / name / "checkpoints/last.ckpt", weights_only=True) for name in ("run", "again"))
    assert_same(first["state_dict"], second["state_dict"])


def test_a_second_run_in_the_same_folder_is_refused_unless_it_resumes(trained):
    cwd, _ = trained
    before = (cwd / "run/checkpoints/last.ckpt").stat().st_mtime_ns
    refused = preloaded(
        "stylegan_pl.train", "--config-dir", "run", "--config-name", "config", "hydra.run.dir=run", cwd=cwd
    )
    assert refused.returncode == 2
    assert "holds a run already; type resume=auto to continue it, or another hydra.run.dir" in refused.stderr
    assert (cwd / "run/checkpoints/last.ckpt").stat().st_mtime_ns == before
    assert json.loads((cwd / "run/status.json").read_text())["state"] == "done"


def test_stylize_paints_a_photograph_and_a_folder(trained, tmp_path):
    cwd, _ = trained
    photos = tmp_path / "photos"
    write_images(photos / "deep/er", 2, size=37)
    rng = np.random.default_rng(0)
    Image.fromarray(rng.integers(0, 255, (61, 50, 3), dtype=np.uint8)).save(photos / "odd.png")
    (photos / "broken.jpg").write_bytes(b"not a picture")
    one = command(
        "stylegan_pl.stylize", "ckpt=run", f"input={photos / 'odd.png'}", f"output={tmp_path / 'one.png'}", cwd=cwd
    )
    assert one.returncode == 0, one.stderr
    assert "checkpoint: run/checkpoints/best.ckpt" in one.stdout

    generator = load_generator(cwd / "run/checkpoints/best.ckpt")
    picture = to_float(image_to_tensor(read_image(photos / "odd.png")))[None]
    padded = torch.nn.functional.pad(picture, (0, 2, 0, 3), mode="reflect")  # 61 × 50 -> 64 × 52
    expected = to_uint8(generator(padded))[0, :, :61, :50]
    assert torch.equal(image_to_tensor(Image.open(tmp_path / "one.png")), expected)

    many = preloaded(
        "stylegan_pl.stylize", "ckpt=run", f"input={photos}", f"output={tmp_path / 'out'}", "batch_size=2", cwd=cwd
    )
    assert many.returncode == 1 and "broken.jpg: cannot be read as an image" in many.stdout
    assert "3 of 4 pictures painted" in many.stdout
    painted = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.*")}
    assert painted == {"odd.png", "deep/er/000.png", "deep/er/001.png"}
    assert Image.open(tmp_path / "out/deep/er/000.png").size == (37, 37)

    again = preloaded("stylegan_pl.stylize", "ckpt=run", f"input={photos}", f"output={tmp_path / 'out'}", cwd=cwd)
    assert again.returncode == 2 and "is there already; type overwrite=true" in again.stderr
