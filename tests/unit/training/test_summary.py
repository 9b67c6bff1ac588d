"""What a run says at its end."""

from stylegan_pl.training.summary import _short


def test_a_working_folder_that_is_gone_does_not_make_a_done_run_a_failed_one(tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    assert _short(here / "run") == "run" and _short(tmp_path / "run") == str(tmp_path / "run")
    here.rmdir()
    assert _short(here / "run") == str(here / "run")
