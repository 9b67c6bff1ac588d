"""metrics.csv goes on where a run left off; W&B never stands in the way."""

import csv
import errno
import os
import shutil
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from stylegan_pl.errors import not_there
from stylegan_pl.loggers import wandb
from stylegan_pl.loggers.csv import RunCSV
from stylegan_pl.loggers.known_runs import forget_ids, known_id
from stylegan_pl.runs.curves import read_curves


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


def test_a_file_edited_while_the_run_goes_on_keeps_what_was_added(tmp_path):
    logger, path = RunCSV(str(tmp_path)), tmp_path / "metrics.csv"
    logger.log_metrics({"b": 1.0, "images_seen": 2}, step=2)
    path.write_text("a note,b,images_seen,step\nlooks good,1.0,2,2\n")
    logger.log_metrics({"b": 2.0, "images_seen": 4}, step=4)
    logger.log_metrics({"c": 3.0, "images_seen": 6}, step=6)  # a new column rewrites the file
    found = [(row["a note"], row["b"], row["c"], row["images_seen"]) for row in rows(path)]
    assert found == [("looks good", "1.0", "", "2"), ("", "2.0", "", "4"), ("", "", "3.0", "6")]


def test_a_column_that_cannot_be_added_costs_no_row(tmp_path, monkeypatch):
    logger, path = RunCSV(str(tmp_path)), tmp_path / "metrics.csv"
    logger.log_metrics({"a": 1.0, "images_seen": 2}, step=2)

    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(csv.DictWriter, "writerows", full)
        with pytest.raises(OSError):
            logger.log_metrics({"b": 2.0, "images_seen": 4}, step=4)
    assert [row["images_seen"] for row in rows(path)] == ["2"]


def test_a_named_pipe_in_its_place_is_refused(tmp_path):
    """To open one waits until somebody reads."""
    os.mkfifo(tmp_path / "metrics.csv")
    with pytest.raises(FileExistsError, match="named pipe"):
        RunCSV(str(tmp_path)).log_metrics({"a": 1.0, "images_seen": 2}, step=2)


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\x00", b"1,2,3,4,5,6\n", b'"' + b"x" * 200_000], ids=["bytes", "long row", "long field"]
)
def test_a_damaged_file_is_gone_on_with(tmp_path, damage):
    (tmp_path / "metrics.csv").write_bytes(b"a,images_seen,step\n1.0,2,2\n" + damage)
    logger = RunCSV(str(tmp_path))
    logger.drop_rows_after(2)
    logger.log_metrics({"b": 2.0, "images_seen": 4}, step=4)  # a new column: the file is read and written anew
    assert rows(tmp_path / "metrics.csv")[0]["images_seen"] == "2"
    assert read_curves(tmp_path / "metrics.csv") == {}  # no name has a slash


@pytest.mark.parametrize(
    ("variable", "typed", "key", "expected"),
    [
        (None, None, False, "offline"),
        (None, None, True, None),
        (None, False, False, "online"),
        ("offline", None, True, None),  # W&B's own variable decides
        ("online", None, False, None),
        ("offline", False, True, "online"),
        ("disabled", None, True, "disabled"),
        ("disabled", False, True, "disabled"),
    ],
)
def test_what_is_typed_and_set_decides_how_wandb_runs(tmp_path, monkeypatch, variable, typed, key, expected):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    if variable is not None:
        monkeypatch.setenv("WANDB_MODE", variable)
    monkeypatch.setattr(wandb, "has_key", lambda: key)
    assert wandb._mode(tmp_path, typed) == expected


def test_a_folder_keeps_the_id_its_run_is_known_by_until_it_starts_anew(tmp_path, monkeypatch):
    monkeypatch.delenv("WANDB_RUN_ID", raising=False)
    first = wandb._id(tmp_path)
    assert wandb._id(tmp_path) == first and known_id(tmp_path, "mlflow") is None
    forget_ids(tmp_path)
    second = wandb._id(tmp_path)
    assert second != first
    shutil.rmtree(tmp_path)
    assert wandb._id(tmp_path) not in (first, second)  # at the same path
    monkeypatch.setenv("WANDB_RUN_ID", "of-an-agent")
    assert wandb._id(tmp_path) == "of-an-agent"


@pytest.mark.parametrize("name", ["a#b", "a?b", "plain"])
def test_mlflow_stays_in_a_run_folder_of_any_name(tmp_path, monkeypatch, name):
    pytest.importorskip("mlflow")
    from stylegan_pl.loggers.mlflow import RunMLflow

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    uri = RunMLflow(str(tmp_path / name), experiment_name="e", run_name="r")._tracking_uri
    assert url2pathname(urlsplit(uri).path) == str(tmp_path / name / "mlruns")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://host:5000")
    assert RunMLflow(str(tmp_path / name), experiment_name="e", run_name="r")._tracking_uri == "http://host:5000"


def test_a_long_time_for_sending_is_for_calls_that_send_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_FINISH_TIMEOUT", "600")
    logger = wandb.run_wandb(str(tmp_path), project="p", name="r", offline=True)
    assert (logger.patience_s, logger.sending_s) == (60, 600)


def test_commands_that_are_told_quote_folders_with_spaces(tmp_path, monkeypatch):
    assert wandb._send_later(tmp_path / "my run") == f"send it later: wandb sync '{tmp_path}/my run'/wandb/offline-*"
    (tmp_path / "my photo.jpg").touch()
    monkeypatch.chdir(tmp_path)
    assert not_there('"my photo.jpg"').endswith("; type 'my photo.jpg'")
