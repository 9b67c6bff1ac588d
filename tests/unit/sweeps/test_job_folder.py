"""What a sweep's folders are called and say, and the table of them."""

import json

from stylegan_pl.runs.status import read_status, write_status
from stylegan_pl.sweeps.job_folder import folder_name
from stylegan_pl.sweeps.summary import exit_code, summary


def test_names_sort_as_numbers():
    assert [folder_name(n) for n in (0, 7, 42, 999, 1000)] == ["000", "007", "042", "999", "1000"]


def test_facts_are_merged_and_never_half_written(tmp_path):
    write_status(tmp_path / "000", state="running", overrides=["seed=1"])
    write_status(tmp_path / "000", state="done", score=1.5)
    assert read_status(tmp_path / "000") | {"updated": None} == {
        "state": "done", "overrides": ["seed=1"], "score": 1.5, "updated": None,
    }  # fmt: skip
    assert [path.name for path in (tmp_path / "000").iterdir()] == ["status.json"]
    json.loads((tmp_path / "000/status.json").read_text())


def test_the_summary_shows_what_differs_and_the_code_is_the_largest(tmp_path):
    write_status(tmp_path / "000", state="done", score=0.123456, seconds=61.2, overrides=["a=1", "seed=1"], exit_code=0)
    write_status(tmp_path / "001", state="failed", error="no folder x", overrides=["a=1", "seed=2"], exit_code=2)
    write_status(tmp_path / "002", state="pruned", score=3.0, overrides=["a=1", "seed=3"], exit_code=0)
    text = summary(tmp_path, range(4)).splitlines()
    assert text[0].startswith("sweep of 4 jobs, 1 done, 1 failed, 1 pruned, 1 not begun: ")
    assert len(text) == 5 and text[1].split() == ["000", "done", "0.1235", "61", "s", "a=1", "seed=1"]
    assert text[2].endswith("no folder x")
    assert "a=1" not in summary(tmp_path, range(3))
    assert (exit_code(tmp_path, [0, 2]), exit_code(tmp_path, [0, 1]), exit_code(tmp_path, [0, 3])) == (0, 2, 1)
