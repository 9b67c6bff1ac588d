"""Two ranks are one run: one folder, one W&B run, the weights of one rank with twice the batch."""

import csv
import json
from pathlib import Path

import pytest
import torch
from conftest import SMALL
from fitting import assert_same
from preloaded import preloaded
from ranks import DDP, PYTHONPATH, SGD, records, witness


def trained(cwd: Path, name: str, *overrides: str, said: str = "") -> Path:
    """A run's folder, after it has ended well; said once, whatever the number of ranks."""
    typed = [*SMALL, *overrides, f"hydra.run.dir={name}"]
    done = preloaded("stylegan_pl.train", *typed, cwd=cwd, PYTHONPATH=PYTHONPATH)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("done in") == 1, done.stdout
    assert said in done.stdout + done.stderr
    return cwd / name


def last(run: Path) -> dict:
    return torch.load(run / "checkpoints/last.ckpt", weights_only=True)


def assert_close(a: dict, b: dict) -> None:
    assert a["images_seen"] == b["images_seen"]
    for key, value in a["state_dict"].items():
        torch.testing.assert_close(b["state_dict"][key], value, rtol=1e-4, atol=1e-6, msg=key)


@pytest.mark.slow
def test_a_sweep_of_two_jobs_on_two_ranks_is_two_folders_two_wandb_runs_and_four_ranks(tmp_path, image_sets):
    """Each rank gets its job's config: one that ran the command line again would start the sweep again."""
    typed = [f"data_root={image_sets}", *SMALL, *DDP, "seed=1,2", "logger=wandb"]
    typed += witness("${run_dir}/ranks")
    done = preloaded("stylegan_pl.train", "-m", *typed, cwd=tmp_path, PYTHONPATH=PYTHONPATH)
    assert done.returncode == 0, done.stderr
    jobs = sorted(path.parent for path in (tmp_path / "outputs").rglob("checkpoints"))
    assert len(jobs) == 2 and len({job.parent for job in jobs}) == 1
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["sweep"]
    assert len([path for path in tmp_path.rglob("run-*.wandb") if path.is_file() and not path.is_symlink()]) == 2
    by_job = [records(job / "ranks") for job in jobs]
    for job, ranks in zip(jobs, by_job, strict=True):
        assert [record["ranks"] for record in ranks] == [2, 2]
        assert_same(ranks[0]["weights"], ranks[1]["weights"])
        assert ranks[0]["keys"] != ranks[1]["keys"]  # disjoint pictures
        assert json.loads((job / "status.json").read_text())["state"] == "done"
    assert any(not torch.equal(v, by_job[1][0]["weights"][k]) for k, v in by_job[0][0]["weights"].items())  # the seeds
    assert done.stdout.count("batch 2 per device, 4 in all, 2 × CPU") == 2


def test_two_ranks_of_batch_2_end_with_the_parameters_of_one_rank_of_batch_4(tmp_path, image_sets):
    common = [f"data_root={image_sets}", *SGD, "augment=none", "max_images=16", "val_every_images=8"]
    common += ["image_loss=[style,content,relative_style]", "image_loss.relative_style.pooled=0.5"]
    one = trained(tmp_path, "one", *common, "batch_size=4")
    two = trained(tmp_path, "two", *common, *DDP, "batch_size=2")
    assert_close(last(one), last(two))
    rows = [list(csv.DictReader((run / "metrics.csv").open())) for run in (one, two)]
    assert len(rows[0]) == len(rows[1]) > 0
    for single, double in zip(*rows, strict=True):  # losses are of all ranks, and so are scores
        for name in single.keys() - {"train/images_per_second"}:
            if single[name]:
                assert float(double[name]) == pytest.approx(float(single[name]), rel=1e-3, nan_ok=True), name
    assert sorted(p.name for p in (two / "samples").iterdir()) == sorted(p.name for p in (one / "samples").iterdir())


@pytest.mark.slow
def test_a_run_goes_on_from_two_ranks_to_one_and_back(tmp_path, image_sets):
    """Budgets and positions are counted in images of all ranks, so nothing is seen twice or left out."""
    common = [f"data_root={image_sets}", *SGD, "augment=none", "val_every_images=100", "scheduler=constant"]
    whole = trained(tmp_path, "whole", *common, "batch_size=2", "max_images=18")
    run = trained(tmp_path, "run", *common, *DDP, "batch_size=1", "max_images=6")
    trained(tmp_path, "run", *common, "batch_size=2", "max_images=12", "resume=auto")
    trained(tmp_path, "run", *common, *DDP, "batch_size=1", "max_images=18", "resume=auto")
    assert_close(last(whole), last(run))


def test_batches_of_1_and_fewer_validation_pictures_than_ranks_give_weights_and_scores_of_one_rank(
    tmp_path, image_sets
):
    common = [f"data_root={image_sets}", *SGD, "augment=none", "max_images=6", "val_every_images=4"]
    common += ["data.val_pairs=1", "metric=[sliced_wasserstein,ssim]"]
    one = trained(tmp_path, "one", *common, "batch_size=2")
    two = trained(
        tmp_path,
        "two",
        *common,
        *DDP,
        "batch_size=1",
        "trainer.strategy.timeout_s=60",
        said="batch 1 per device, 2 in all",
    )
    folders = [path.name for path in tmp_path.iterdir() if path.is_dir() and not path.name.startswith(".")]
    assert sorted(folders) == ["one", "two"]  # hidden: libraries' caches, as HOME is here
    assert last(one)["images_seen"] == 6
    assert_close(last(one), last(two))
    scores = [
        {name: float(value) for name, value in row.items() if name.startswith("val/") and value}
        for run in (one, two)
        for row in list(csv.DictReader((run / "metrics.csv").open()))[-1:]
    ]
    assert scores[0].keys() == scores[1].keys() != set()
    assert scores[1] == pytest.approx(scores[0], rel=1e-3, nan_ok=True)
