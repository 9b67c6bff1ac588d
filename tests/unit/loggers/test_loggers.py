"""metrics.csv goes on where a run left off; W&B never stands in the way."""

import csv

import pytest

from stylegan_pl.loggers.csv import RunCSV
from stylegan_pl.loggers.wandb import has_key


def rows(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_resumed_run_keeps_its_earlier_rows_and_may_add_columns(tmp_path):
    first = RunCSV(str(tmp_path))
    first.log_metrics({"a": 1.0, "images_seen": 2}, step=2)
    first.finalize("success")
    second = RunCSV(str(tmp_path))
    second.log_metrics({"a": 2.0, "b": 5.0, "images_seen": 4}, step=4)
    second.finalize("success")
    found = rows(tmp_path / "metrics.csv")
    assert [(row["images_seen"], row["a"], row["b"]) for row in found] == [("2", "1.0", ""), ("4", "2.0", "5.0")]


@pytest.mark.parametrize(
    ("environment", "netrc", "expected"),
    [
        ({}, None, False),
        ({"WANDB_API_KEY": "k" * 40}, None, True),
        ({"WANDB_API_KEY": "k" * 40, "WANDB_MODE": "offline"}, None, False),
        ({}, "machine api.wandb.ai login user password secret\n", True),
        ({}, "machine github.com login user password secret\n", False),
        ({}, "this is no netrc\n", False),
    ],
)
def test_a_key_is_looked_for_without_asking(tmp_path, monkeypatch, environment, netrc, expected):
    for name in ("WANDB_API_KEY", "WANDB_MODE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "netrc"
    if netrc is not None:
        path.write_text(netrc)
        path.chmod(0o600)
    monkeypatch.setenv("NETRC", str(path))
    assert has_key() is expected
