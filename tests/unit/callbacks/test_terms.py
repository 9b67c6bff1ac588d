"""Terms that few steps have, such as a penalty that is due every 16th."""

import csv
from pathlib import Path

import pytest
import torch
from fitting import fit

from stylegan_pl.errors import UserError
from stylegan_pl.losses.penalties import R1

SHORT = ["model=vanilla", "penalty=r1", "logger=csv", "log_every_batches=5", "batch_size=1", "max_images=30"]


def test_a_penalty_that_is_due_in_no_logged_step_is_logged(train_config):
    """Steps 0 and 16 pay it; the log's are 4, 9, 14, …"""
    config = train_config(*SHORT)
    fit(config)
    with Path(config.run_dir, "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    paid = [row["images_seen"] for row in rows if row.get("train/discriminator/penalty")]
    assert paid == ["5", "20"]


def test_a_penalty_that_is_nan_ends_the_run(train_config, monkeypatch):
    """Its gradient is none here, so that no other term becomes nan."""
    monkeypatch.setattr(R1, "forward", lambda self, critic, reals, fakes: reals.sum() * torch.nan)
    with pytest.raises(UserError, match=r"^train/discriminator/penalty: nan or infinite after 5 images"):
        fit(train_config(*SHORT))
