"""`sweep=optuna` as it is typed: killed and resumed, worked by two at once, pruned; and W&B's sweep files."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import optuna
import pytest
import stub_training
import torch
import yaml
from conftest import compose_config
from omegaconf import OmegaConf
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from stylegan_pl.config.check_keys import check_config
from stylegan_pl.config.cli import run_verb
from stylegan_pl.training.run import run

HERE = Path(__file__).parent
SEARCH = ["sweep=optuna", "sweep.direction=minimize", "model.generator_optimizer.lr=tag(log,interval(1e-5,1e-2))"]
SWEEP = Path("outputs/sweep/vanilla_optuna")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WANDB_RUN_GROUP", "nobody's")


def search(monkeypatch, *arguments: str) -> int:
    """The stub's exit code, in this process."""
    monkeypatch.setattr(sys, "argv", ["train", "-m", *arguments])
    with pytest.raises(SystemExit) as ended:
        run_verb("train", stub_training.train)
    return int(ended.value.code or 0)


def worker(*arguments: str, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, stub_training.__file__, "-m", *SEARCH, *arguments], stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, env={**os.environ, "STUB_SECONDS": str(seconds)}, start_new_session=True,
    )  # fmt: skip


def trials(*states: TrialState) -> list[optuna.trial.FrozenTrial]:
    storage = JournalStorage(JournalFileBackend(str(SWEEP / "study.journal")))
    return optuna.load_study(study_name="vanilla", storage=storage).get_trials(states=states or None)


def points(found: list[optuna.trial.FrozenTrial]) -> set[float]:
    return {trial.params["model.generator_optimizer.lr"] for trial in found}


def wait_for(condition) -> None:
    end = time.monotonic() + 90
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_search_leaves_its_best_command_and_plots(monkeypatch, capsys):
    code = search(monkeypatch, *SEARCH, "adversarial=choice(hinge,least_squares)", "sweep.trials=5", "tags=[x]")
    assert code == 0
    said = capsys.readouterr().out
    found = trials(TrialState.COMPLETE)
    assert len(found) == 5 == len(points(found))
    best = min(found, key=lambda trial: trial.value)
    assert f"best: trial {best.number:03d}, score {best.value:.6g}" in said
    command = shlex.split(next(line for line in said.splitlines() if line.startswith("  python -m stylegan_pl.train")))
    config = compose_config("train", command[3:])
    assert config.model.generator_optimizer.lr == best.params["model.generator_optimizer.lr"]
    assert list(config.tags) == ["x"] and "pruning" not in config.callbacks
    for name in ("history", "importances"):
        assert (SWEEP / f"study/{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "plotly" in (SWEEP / f"study/{name}.html").read_text()
    assert json.loads((SWEEP / "000/status.json").read_text())["score"] == found[0].value


def test_the_best_way_is_the_scores_and_the_space_may_stand_in_a_file(monkeypatch):
    """SSIM is better when high, so the best trial is the one that scored most."""
    Path("mine/experiment").mkdir(parents=True)
    Path("mine/experiment/searched.yaml").write_text(
        "# @package _global_\nrun_name: vanilla\ndefaults:\n  - override /sweep: optuna\n  - override /metric: [ssim]\n"
        "sweep:\n  trials: 3\n  params: {model.generator_optimizer.lr: 'interval(1e-4,1e-3)'}\n"
    )
    code = search(monkeypatch, "--config-dir", "mine", "+experiment=searched")
    assert code == 0
    storage = JournalStorage(JournalFileBackend(str(SWEEP / "study.journal")))
    study = optuna.load_study(study_name="vanilla", storage=storage)
    assert study.direction.name == "MAXIMIZE" and study.best_value == max(trial.value for trial in study.trials)


@pytest.mark.slow
def test_killed_half_way_and_resumed_it_has_its_number_of_distinct_points():
    first = worker("sweep.trials=6", "sweep.sampler.seed=0", seconds=2.0)
    wait_for(lambda: len(list(SWEEP.glob("*/status.json"))) >= 3)  # two done, the third under way
    os.killpg(first.pid, signal.SIGKILL)
    first.communicate()
    (lost,) = trials(TrialState.RUNNING)
    second = worker("sweep.trials=6", "sweep.sampler.seed=0", seconds=0)
    said, _ = second.communicate(timeout=120)
    assert second.returncode == 0, said
    assert "continuing study vanilla: " in said
    done = trials(TrialState.COMPLETE)
    assert len(done) == 6 == len(points(done)) and points([lost]) <= points(done)
    assert not trials(TrialState.RUNNING, TrialState.WAITING)
    assert (
        "another job tries the same point"
        in json.loads((SWEEP / f"{lost.number:03d}/status.json").read_text())["error"]
    )


@pytest.mark.slow
def test_two_workers_at_once_work_one_study():
    both = [worker("sweep.trials=8", "sweep.sampler.seed=0", seconds=0.6) for _ in range(2)]
    ends = [process.communicate(timeout=200)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0], ends
    done = trials(TrialState.COMPLETE)
    assert len(done) == 8 == len(points(done))
    workers = [trial.user_attrs["worker"] for trial in done]
    assert len(set(workers)) == 2, workers
    # two that begin at the same moment draw the same first points; the numbers of the repeated ones have no folder
    assert sorted(path.parent.name for path in SWEEP.glob("*/status.json")) == [f"{trial.number:03d}" for trial in done]


def test_side_by_side_by_joblib(monkeypatch):
    process = worker("sweep.trials=4", "launcher=joblib", seconds=0.1)
    said, _ = process.communicate(timeout=200)
    assert process.returncode == 0, said
    assert len(points(trials(TrialState.COMPLETE))) == 4
    pids = {json.loads(path.read_text())["pid"] for path in SWEEP.glob("*/status.json")}
    assert process.pid not in pids


def test_mistakes_are_told_before_anything_is_run(monkeypatch, capsys):
    for arguments, line in [
        (["sweep=optuna", "seed=3"], "nothing to search; type KEY=interval(a,b)"),
        ([*SEARCH, "sweep.sampler.n_startup=3"], "sweep.sampler.n_startup"),
        ([*SEARCH, "sweep.trails=3"], "did you mean 'sweep.trials'?"),
        ([*SEARCH, "sweep=optun"], "sweep has no option 'optun'; did you mean 'optuna'?"),
        ([*SEARCH[::2], "metric=[]"], "no score to search by"),
    ]:
        assert search(monkeypatch, *arguments) == 2
        said = capsys.readouterr().err
        assert line in said and said.count("\n") == 1, said
    assert not SWEEP.exists()


def pruning_config(train_config, tmp_path: Path, trial: int):
    storage = str(tmp_path / "study.journal")
    return train_config(
        "sweep=optuna", "sweep.study=s", f"sweep.storage={storage}", f"callbacks.pruning.trial={trial}",
        "sweep.pruner.n_startup_trials=1",
    )  # fmt: skip


def test_a_bad_trial_stops_early_and_a_saved_config_reports_nothing(train_config, tmp_path, monkeypatch):
    storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))
    study = optuna.create_study(study_name="s", storage=storage)
    good = study.ask()
    for images in (4, 8):
        good.report(-1.0, images)  # distances are never below 0
    study.tell(good, -1.0)
    study.ask()
    config = pruning_config(train_config, tmp_path, trial=1)
    outcome = run(config)
    status = json.loads((tmp_path / "run/status.json").read_text())
    assert outcome == 0 and outcome.score is not None
    assert status["pruned"] is True and status["images_seen"] == 4  # of 8
    trial = study.trials[1]
    assert trial.intermediate_values == pytest.approx({4: outcome.score})
    last = torch.load(tmp_path / "run/checkpoints/last.ckpt", weights_only=True)
    assert last["images_seen"] == 4

    study.tell(1, state=TrialState.PRUNED)
    config.run_dir = str(tmp_path / "again")
    OmegaConf.resolve(config)
    assert run(config) == 0
    assert json.loads((tmp_path / "again/status.json").read_text())["images_seen"] == 8
    assert study.trials[1].intermediate_values == trial.intermediate_values


SWEEP_FILES = sorted((HERE.parents[1] / "experiments").glob("*/wandb_sweep.yaml"))


@pytest.mark.parametrize("path", SWEEP_FILES, ids=lambda path: path.parent.name)
def test_a_wandb_sweep_is_one_by_their_schema_and_its_command_lines_compose(path):
    sweep = yaml.safe_load(path.read_text())
    jsonschema.validate(sweep, json.loads((HERE / "wandb_sweep_schema.json").read_text()))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(sweep | {"method": "bays"}, json.loads((HERE / "wandb_sweep_schema.json").read_text()))
    for end in ("min", "max"):
        drawn = {name: {"value": _drawn(parameter, end)} for name, parameter in sweep["parameters"].items()}
        argv = _argv(sweep["command"], drawn)
        assert argv[0] == sys.executable and argv[1:3] == ["-m", "stylegan_pl.train"]
        config = compose_config("train", ["run_dir=run", *argv[3:]])
        check_config(config)
        for name, value in drawn.items():
            if name not in ("adversarial",):
                assert OmegaConf.select(config, name) == pytest.approx(value["value"])
        assert sweep["metric"]["name"] == f"val/{next(iter(config.metric))}"


def _drawn(parameter: dict, end: str):
    if "value" in parameter:
        return parameter["value"]
    drawn = parameter["values"][0 if end == "min" else -1] if "values" in parameter else parameter[end]
    assert not isinstance(drawn, str) or not drawn[:1].isdigit(), "YAML reads 1e-5 as text: write 1.0e-5"
    return drawn


def _argv(command: list[str], drawn: dict) -> list[str]:
    """As W&B's agent fills a command in."""
    from wandb.sdk.launch.sweeps.utils import create_sweep_command_args

    filled: dict[str, list[str]] = {"${env}": [], "${interpreter}": [sys.executable]}
    filled["${args_no_hyphens}"] = create_sweep_command_args({"args": drawn})["args_no_hyphens"]
    return [word for chunk in command for word in filled.get(chunk, [chunk])]
