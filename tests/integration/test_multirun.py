"""`-m`: one numbered folder a job, a failure that stays its own, a summary, an exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import stub_training
from hydra.core.config_store import ConfigStore

from stylegan_pl.config.cli import run_verb


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WANDB_RUN_GROUP", raising=False)
    monkeypatch.setenv("WANDB_RUN_GROUP", "")  # so that what a sweep sets is taken back
    monkeypatch.delenv("WANDB_RUN_GROUP")
    return tmp_path / "outputs/sweep/vanilla"


def sweep(monkeypatch, *arguments: str) -> int:
    """The stub's exit code, in this process."""
    monkeypatch.setattr(sys, "argv", ["train", "-m", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_verb("train", stub_training.train)
    return int(ended.value.code or 0)


def in_a_process(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, stub_training.__file__, "-m", *arguments], capture_output=True, text=True, timeout=120
    )


def states(folder: Path) -> dict[str, str]:
    return {path.parent.name: json.loads(path.read_text())["state"] for path in folder.glob("*/status.json")}


def test_commas_ranges_and_choices_are_multiplied_into_numbered_folders(monkeypatch, capsys, elsewhere):
    code = sweep(monkeypatch, "seed=range(1,4)", "image_size=choice(96,128)", "tags=[x]")
    assert code == 0 and sorted(states(elsewhere)) == [f"{number:03d}" for number in range(6)]
    told = [json.loads((elsewhere / f"{number:03d}/status.json").read_text()) for number in range(6)]
    points = {tuple(status["overrides"]) for status in told}
    assert points == {
        (f"seed={s}", f"image_size={i}", "tags=[x]", "run_name=vanilla") for s in (1, 2, 3) for i in (96, 128)
    }
    assert all(status["state"] == "done" and status["score"] == pytest.approx(
        int(status["overrides"][0][5:]) + 0.69897, abs=1e-5) for status in told)  # lr 2e-4  # fmt: skip
    said = capsys.readouterr().out
    assert "sweep of 6 jobs, 6 done: outputs/sweep/vanilla" in said
    lines = [line for line in said.splitlines() if line.startswith("  00")]
    assert len(lines) == 6 and "seed=3 image_size=128" in lines[5] and "tags" not in lines[5]  # alike in all


def test_a_password_is_used_but_not_written_and_no_reason_to_repeat_a_job(monkeypatch, capsys, elsewhere):
    typed = ["seed=1,2", "+logger.mine.api_key=SECRET"]
    assert sweep(monkeypatch, *typed) == 0
    written = [path for path in elsewhere.rglob("*") if path.is_file()]
    assert {"multirun.yaml", "status.json"} <= {path.name for path in written}
    assert not [path for path in written if b"SECRET" in path.read_bytes()]
    assert "Launching 2 jobs" in capsys.readouterr().out
    assert sweep(monkeypatch, *typed, "resume=auto") == 0
    assert "Launching" not in capsys.readouterr().out


def test_a_failed_job_is_told_at_once_kept_with_its_traceback_and_does_not_end_the_sweep(
    monkeypatch, capsys, elsewhere
):
    assert sweep(monkeypatch, "seed=13,1,14") == 1
    assert states(elsewhere) == {"000": "failed", "001": "done", "002": "failed"}
    bug, mendable = (json.loads((elsewhere / name / "status.json").read_text()) for name in ("000", "002"))
    assert bug["error"] == "ZeroDivisionError: a bug of ours" and "in train\n" in bug["traceback"]
    assert mendable["error"] == "something to mend; type it otherwise" and "UserError" in mendable["traceback"]
    said = capsys.readouterr()
    assert "error: job 002: something to mend; type it otherwise" in said.err.splitlines()
    assert said.err.count("Traceback") == 1  # the bug's alone
    assert "1 done" in said.out and "2 failed" in said.out


def test_a_sweep_ends_with_the_first_failure_if_asked(monkeypatch, elsewhere):
    assert sweep(monkeypatch, "seed=1,14,2", "sweep.stop_on_failure=true") == 1
    assert states(elsewhere) == {"000": "done", "001": "failed"}


def test_what_is_swept_can_stand_in_a_file(monkeypatch, elsewhere):
    Path("mine/experiment").mkdir(parents=True)
    Path("mine/experiment/seeds.yaml").write_text(
        "# @package _global_\nrun_name: seeds\nsweep:\n  params: {seed: [1, 2], image_size: 96}\n"
    )
    assert sweep(monkeypatch, "--config-dir", "mine", "+experiment=seeds", "image_size=128") == 0
    assert [
        json.loads((elsewhere.parent / "seeds" / name / "status.json").read_text())["overrides"]
        for name in ("000", "001")
    ] == [[f"seed={seed}", "image_size=128", "+experiment=seeds"] for seed in (1, 2)]


def test_resuming_leaves_ended_jobs_alone(monkeypatch, elsewhere):
    sweep(monkeypatch, "seed=1,14,3")
    first = {name: (elsewhere / name / "status.json").stat().st_mtime_ns for name in ("000", "001", "002")}
    assert sweep(monkeypatch, "seed=1,4,3", "resume=auto") == 0
    again = {name: (elsewhere / name / "status.json").stat().st_mtime_ns for name in first}
    assert states(elsewhere) == dict.fromkeys(first, "done")
    assert again["000"] == first["000"] and again["002"] == first["002"]
    assert sweep(monkeypatch, "seed=1,4,3", "resume=auto") == 0
    assert again == {name: (elsewhere / name / "status.json").stat().st_mtime_ns for name in first}


def test_a_second_sweep_in_the_same_folder_is_refused(monkeypatch, capsys, elsewhere):
    (elsewhere / "001/checkpoints").mkdir(parents=True)
    (elsewhere / "001/checkpoints/last.ckpt").touch()
    assert sweep(monkeypatch, "seed=1,2") == 2
    said = capsys.readouterr().err
    assert "001 holds a run already; type resume=auto" in said and "hydra.sweep.dir" in said
    assert not states(elsewhere)


def test_a_preempted_job_ends_the_sweep_with_its_code(monkeypatch, elsewhere):
    assert sweep(monkeypatch, "seed=1,16,2") == 75
    assert states(elsewhere) == {"000": "done", "001": "preempted"}


def test_an_interval_asks_for_a_search(monkeypatch, capsys):
    assert sweep(monkeypatch, "model.generator_optimizer.lr=interval(1e-5,1e-3)") == 2
    assert "an interval needs a search; type sweep=optuna" in capsys.readouterr().err


@pytest.mark.parametrize(("launcher", "extra"), [("joblib", "sweep"), ("slurm", "slurm")])
def test_an_extra_that_is_not_installed_is_named(monkeypatch, capsys, launcher, extra):
    store = ConfigStore.instance().repo["hydra"]["launcher"]
    monkeypatch.delitem(store, {"joblib": "joblib.yaml", "slurm": "submitit_slurm.yaml"}[launcher])
    assert sweep(monkeypatch, "seed=1,2", f"launcher={launcher}") == 2
    said = capsys.readouterr().err
    assert said == f"error: launcher={launcher} is an extra; type: pip install 'stylegan-pl[{extra}]'\n"


@pytest.mark.slow
def test_jobs_side_by_side_outlive_one_that_is_killed(elsewhere):
    """The operating system kills job 1: its worker dies, the others' jobs are run all the same."""
    done = in_a_process("seed=1,15,2,3", "launcher=joblib")
    assert done.returncode == 1, done.stderr
    found = states(elsewhere)
    assert found["001"] == "failed" and "error: job 001: " in done.stderr
    assert [found[name] for name in ("002", "003")] == ["done", "done"]
    assert found["000"] in ("done", "failed")  # it shares the pool that broke


def test_the_group_of_wandb_runs_is_the_sweeps_name(monkeypatch, elsewhere):
    groups = []

    def noting(config) -> int:
        groups.append(os.environ["WANDB_RUN_GROUP"])
        return 0

    monkeypatch.setattr(stub_training, "train", noting)
    assert sweep(monkeypatch, "seed=1,2", "run_name=mine") == 0
    assert groups == ["mine", "mine"]
