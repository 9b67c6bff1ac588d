"""A grid and a study share no folder, and a job that is refused writes nothing into another's."""

import fcntl
import json
import sys
from pathlib import Path

import pytest
import stub_training

from stylegan_pl.config.cli import run_verb
from stylegan_pl.runs.folder import lock_of
from stylegan_pl.runs.status import write_status

SEARCH = [
    "sweep=optuna",
    "sweep.direction=minimize",
    "sweep.trials=2",
    "model.generator_optimizer.lr=choice(1e-4,1e-3)",
]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_RUN_GROUP", "nobody's")


def sweep(monkeypatch, *arguments: str) -> int:
    """The stub's exit code, in this process."""
    monkeypatch.setattr(sys, "argv", ["train", "-m", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_verb("train", stub_training.train)
    return int(ended.value.code or 0)


def jobs(folder: str) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in Path(folder).glob("*/status.json")}


def test_a_grid_and_then_a_study_of_one_experiment_leave_each_other_alone(monkeypatch):
    assert sweep(monkeypatch, "seed=1,2") == 0
    before = jobs("outputs/sweep/vanilla")
    assert sweep(monkeypatch, *SEARCH) == 0
    assert jobs("outputs/sweep/vanilla") == before and len(before) == 2
    assert len(jobs("outputs/sweep/vanilla_optuna")) == 2


@pytest.mark.parametrize("first", ["grid", "study"])
def test_in_one_typed_folder_the_second_is_refused_before_it_writes(monkeypatch, capsys, first):
    folder = "hydra.sweep.dir=mine"
    kinds = {"grid": ["seed=1,2", folder], "study": [*SEARCH, folder]}
    assert sweep(monkeypatch, *kinds.pop(first)) == 0
    before = {path: path.read_bytes() for path in Path("mine").rglob("*") if path.is_file() and path.suffix != ".lock"}
    (second,) = kinds.values()
    assert sweep(monkeypatch, *second) == 2
    assert "type another hydra.sweep.dir" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in before} == before


def test_another_study_is_refused_in_a_studys_folder(monkeypatch, capsys):
    assert sweep(monkeypatch, *SEARCH, "hydra.sweep.dir=mine") == 0
    before = jobs("mine")
    assert sweep(monkeypatch, *SEARCH, "hydra.sweep.dir=mine", "sweep.study=other") == 2
    assert "holds study vanilla" in capsys.readouterr().err and jobs("mine") == before


def used(folder: str, **status: object) -> Path:
    """A job's folder with a run in it."""
    checkpoint = Path(folder) / "checkpoints/last.ckpt"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.touch()
    write_status(Path(folder), **status)
    return Path(folder) / "status.json"


def test_a_grid_does_not_go_on_with_another_grids_jobs(monkeypatch, capsys):
    status = used("outputs/sweep/vanilla/000", state="preempted", overrides=["image_size=96"])
    before = status.read_bytes()
    assert sweep(monkeypatch, "seed=1,2", "resume=auto") == 2
    assert "holds another sweep's job (image_size=96)" in capsys.readouterr().err
    assert status.read_bytes() == before


def test_a_refused_job_leaves_the_status_that_it_found(monkeypatch):
    """The job's own check refuses it, once its folder is open."""
    status = used(
        "outputs/sweep/vanilla/000", state="preempted", overrides=["resume=auto", "seed=1", "run_name=vanilla"]
    )
    before = status.read_bytes()
    monkeypatch.setattr(stub_training, "train", refuse)
    assert sweep(monkeypatch, "resume=auto", "seed=1,2") == 2
    assert status.read_bytes() == before
    assert json.loads(Path("outputs/sweep/vanilla/001/status.json").read_text())["state"] == "failed"


def test_a_job_whose_folder_another_run_holds_writes_nothing_there(monkeypatch, capsys):
    folder = Path("outputs/sweep/vanilla/000")
    folder.mkdir(parents=True)
    with lock_of(folder).open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # of another open file: as another process holds it
        assert sweep(monkeypatch, "seed=1,2") == 2
    assert "000: " in (said := capsys.readouterr().err) and "another run is training there" in said
    assert [path.name for path in folder.iterdir()] == [lock_of(folder).name]
    assert json.loads(Path("outputs/sweep/vanilla/001/status.json").read_text())["state"] == "done"


def test_a_folder_that_cannot_be_made_is_told_in_a_line(monkeypatch, capsys):
    Path("mine").write_text("a file")
    monkeypatch.setattr(sys, "argv", ["train", "hydra.run.dir=mine/run"])
    with pytest.raises(SystemExit) as ended:
        run_verb("train", stub_training.train)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: mine/run: cannot be made (Not a directory); type another hydra.run.dir=\n"


def refuse(config) -> int:
    from stylegan_pl.errors import ConfigError

    raise ConfigError("no; type yes")
