"""Whether a run begins or goes on, and from where."""

import json
import os
from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.training.resume import NothingLeft, check_is_left, checkpoint_to_resume


def save(path: Path, images: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"config": {}, "state_dict": {}, "images_seen": images}, path)
    return path


def found(run_dir: Path, *, resume: str | None = None, ckpt_path: Path | None = None) -> Path | None:
    config = OmegaConf.create({"resume": resume, "ckpt_path": None if ckpt_path is None else str(ckpt_path)})
    return checkpoint_to_resume(config, run_dir.resolve())


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A folder of a run that was stopped after 20 images, the best of which were 10."""
    save(tmp_path / "run/checkpoints/best.ckpt", 10)
    last = save(tmp_path / "run/checkpoints/last.ckpt", 20)
    os.utime(last, (last.stat().st_atime, last.stat().st_mtime + 10))
    return tmp_path / "run"


def test_a_new_folder_begins(tmp_path):
    assert found(tmp_path / "new") is None
    assert found(tmp_path / "new", resume="auto") is None


def test_a_folder_that_holds_a_run_wants_a_word(run):
    with pytest.raises(ConfigError, match="holds a run already; type resume=auto to continue it, or another"):
        found(run)
    assert found(run, resume="auto") == run / "checkpoints/last.ckpt"


def test_what_was_preempted_goes_on_unasked(run):
    (run / "status.json").write_text(json.dumps({"state": "preempted"}))
    assert found(run) == run / "checkpoints/last.ckpt"


@pytest.mark.parametrize("name", ["SLURM_RESTART_COUNT", "TORCHELASTIC_RESTART_COUNT"])
def test_what_a_scheduler_started_again_goes_on_unasked(run, monkeypatch, name):
    monkeypatch.setenv(name, "1")
    assert found(run) == run / "checkpoints/last.ckpt"
    monkeypatch.setenv(name, "0")
    with pytest.raises(ConfigError):
        found(run)


def test_other_ranks_go_on_where_the_first_decides(run, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert found(run) == run / "checkpoints/last.ckpt"


def test_another_runs_checkpoint_begins_a_folder(run, tmp_path):
    """And once the new folder has states of its own, these come first where the run is to go on."""
    other = tmp_path / "other"
    assert found(other, ckpt_path=run) == run / "checkpoints/best.ckpt"
    assert found(other, ckpt_path=run / "checkpoints/last.ckpt") == run / "checkpoints/last.ckpt"
    assert found(other, ckpt_path=run, resume="auto") == run / "checkpoints/best.ckpt"
    own = save(other / "checkpoints/last.ckpt", 30)
    assert found(other, ckpt_path=run, resume="auto") == own
    with pytest.raises(ConfigError, match="holds a run already"):
        found(other, ckpt_path=run)


def test_a_state_of_the_folder_itself_is_gone_back_to(run, monkeypatch):
    best = run / "checkpoints/best.ckpt"
    assert found(run, ckpt_path=best) == best
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")  # a second start does not go back a second time
    assert found(run, ckpt_path=best) == run / "checkpoints/last.ckpt"


def test_a_checkpoint_that_cannot_be_read_is_told_at_once(tmp_path):
    (tmp_path / "broken.ckpt").write_bytes(b"no checkpoint")
    with pytest.raises(UserError, match=r"broken\.ckpt: cannot be read as a checkpoint"):
        found(tmp_path / "new", ckpt_path=tmp_path / "broken.ckpt")
    with pytest.raises(UserError, match="ckpt_path"):
        found(tmp_path / "new", ckpt_path=tmp_path / "nowhere.ckpt")


@pytest.mark.skipif(os.name != "posix", reason="Windows has other permissions")
def test_a_checkpoint_that_may_not_be_read_is_not_replaced_by_a_new_run(as_nobody):
    last = save(as_nobody / "run/checkpoints/last.ckpt", 20)
    last.chmod(0)
    with pytest.raises(ConfigError, match=r"last\.ckpt: you may not read it, and a new run would replace it; type"):
        found(as_nobody / "run", resume="auto")
    last.chmod(0o600)
    assert found(as_nobody / "run", resume="auto") == last.resolve()


def test_a_run_that_has_seen_its_whole_budget_is_done(run):
    last = save(run / "checkpoints/last.ckpt", 20)
    check_is_left(last, run, {}, {}, budget=21, limit="max_images")
    with pytest.raises(NothingLeft, match="has seen 20 images of 20; to continue, type a larger max_images"):
        check_is_left(last, run, {}, {}, budget=20, limit="max_images")
