"""status.json: merged, whole, and readable at any time."""

import json

import pytest

from stylegan_pl.callbacks.status import machine_facts
from stylegan_pl.runs.status import read_status, write_status


def test_facts_are_kept_from_write_to_write_and_the_last_state_wins(tmp_path):
    write_status(tmp_path / "run", state="running", images_seen=0, **machine_facts())
    write_status(tmp_path / "run", state="running", images_seen=12)
    write_status(tmp_path / "run", state="failed", error="DataError: no images")
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert (status["state"], status["images_seen"], status["error"]) == ("failed", 12, "DataError: no images")
    assert status["host"] and status["versions"]["torch"]
    write_status(tmp_path / "run", pruned=True)
    assert json.loads((tmp_path / "run/status.json").read_text())["state"] == "failed"  # a fact more is no other state
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["status.json"]  # no partial file is left


@pytest.mark.parametrize("left", ["", "\0" * 40, "[" * 100_000, '{"state": "runn', "[]"])
def test_what_a_power_cut_leaves_is_no_status_and_is_written_over(tmp_path, left):
    (tmp_path / "status.json").write_text(left)
    assert read_status(tmp_path) == {}
    write_status(tmp_path, state="running")
    assert read_status(tmp_path)["state"] == "running"
