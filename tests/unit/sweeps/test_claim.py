"""Of a grid and a study that are started into one folder at once, one gets it."""

import fcntl
import threading
from pathlib import Path

import pytest

from stylegan_pl.errors import ConfigError
from stylegan_pl.runs.folder import lock_of
from stylegan_pl.sweeps import claim
from stylegan_pl.sweeps.claim import claim_for_study
from stylegan_pl.sweeps.job_folder import is_a_studys


@pytest.fixture
def held(tmp_path):
    """The folder's lock, held through another open file, as by another process."""
    with lock_of(tmp_path).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def content(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_study_gets_no_folder_where_a_grid_has_begun_but_has_no_job_yet(tmp_path, held, monkeypatch):
    monkeypatch.setattr(claim, "_WAIT_S", 0.0)
    with pytest.raises(ConfigError, match=r"another sweep runs there; wait .* another hydra\.sweep\.dir"):
        claim_for_study(tmp_path, "s")
    assert content(tmp_path) == [lock_of(tmp_path).name] and not is_a_studys(tmp_path)


def test_two_processes_of_one_study_wait_for_each_other(tmp_path, held):
    threading.Timer(0.3, held.close).start()
    home = claim_for_study(tmp_path, "s")
    assert home and claim_for_study(tmp_path, "s") == home


def test_a_study_goes_on_where_another_works(tmp_path, monkeypatch):
    """Nobody who works on a study holds the folder's lock, and who joins asks for none."""
    home = claim_for_study(tmp_path, "s")
    monkeypatch.setattr(claim, "alone_in", None)
    assert claim_for_study(tmp_path, "s") == home
    with pytest.raises(ConfigError, match="holds study s; type another"):
        claim_for_study(tmp_path, "t")
