"""Runs beside trackers: several at once, gone on with, out of reach, killed, switched off."""

import json
from pathlib import Path

import pytest
import torch
import yaml
from conftest import SMALL, save_teacher
from preloaded import preloaded

from stylegan_pl.evaluation.systems import Checkpoint

RUN = ["hydra.run.dir=run", *SMALL, "~callbacks.diagnosis"]


def train(cwd: Path, image_sets: Path, *arguments: str, **environment: str) -> str:
    """What a run said that ended well."""
    done = preloaded("stylegan_pl.train", f"data_root={image_sets}", *RUN, *arguments, cwd=cwd, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def wandb_ids(run: Path) -> list[str]:
    """Of the W&B runs kept offline in a run's folder, oldest first."""
    return [path.name.rpartition("-")[2] for path in sorted(run.glob("wandb/offline-run-*"))]


def test_several_trackers_at_once_go_on_in_the_same_runs(tmp_path, image_sets):
    pytest.importorskip("tensorboard")
    pytest.importorskip("mlflow")
    several = ["logger=[wandb,tensorboard,mlflow]", "logger.wandb.log_model=true"]
    said = train(tmp_path, image_sets, *several)
    run = tmp_path / "run"
    assert "failed" not in said
    assert (run / "metrics.csv").is_file() and list(run.glob("tensorboard/events.out.*"))
    first = json.loads((run / "status.json").read_text())["tracked_as"]
    assert wandb_ids(run) == [first["wandb"]]
    assert list(run.glob("wandb/offline-run-*/files/media/table/sample_table_*"))
    assert "failed" not in train(tmp_path, image_sets, *several, "resume=auto", "max_images=12")
    assert wandb_ids(run) == [first["wandb"]] * 2
    assert json.loads((run / "status.json").read_text())["tracked_as"] == first


def test_a_password_is_used_but_not_written(tmp_path, image_sets):
    own = "+logger.mine={_target_: lightning.pytorch.loggers.CSVLogger, save_dir: mine}"
    typed = [own, "tags=['https://me:SECRET@host']"]
    train(tmp_path, image_sets, *typed)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"config.yaml", "last.ckpt", "hparams.yaml"} <= {path.name for path in written}
    assert not [path for path in written if b"SECRET" in path.read_bytes()]
    assert "https://me:***@host" in (tmp_path / "run/config.yaml").read_text()
    said = train(tmp_path, image_sets, *typed, "resume=auto", "max_images=12")
    assert "resuming from" in said and "SECRET" not in said and "***" not in said


def test_wandb_records_the_command_line_without_passwords(tmp_path, image_sets):
    own = "+logger.mine={_target_: lightning.pytorch.loggers.CSVLogger, save_dir: mine, name: 'https://me:SECRET@host'}"
    train(tmp_path, image_sets, "logger=wandb", own)
    written = [path for path in (tmp_path / "run/wandb").rglob("*") if path.is_file()]
    assert [path for path in written if b"https://me:***@host" in path.read_bytes()]
    assert not [path for path in written if b"SECRET" in path.read_bytes()]


def test_a_report_masks_what_an_older_checkpoint_holds(tmp_path):
    path = save_teacher(tmp_path / "a.ckpt")
    checkpoint = torch.load(path, weights_only=True)
    checkpoint["config"]["logger"] = {"mine": {"api_key": "SECRET", "project": "p"}}
    torch.save(checkpoint, path)
    text = Checkpoint("a", str(path), path, torch.device("cpu"), torch.float32).config_text()
    assert yaml.safe_load(text)["logger"] == {"mine": {"api_key": "***", "project": "p"}}


def test_wandb_killed_in_the_midst_is_told_once_and_the_run_goes_on(tmp_path, image_sets):
    said = train(tmp_path, image_sets, "logger=wandb", "+callbacks.kill._target_=fitting.KillWandb")
    assert sum("logger.wandb failed" in line for line in said.splitlines()) == 1
    assert "Traceback" not in said and (tmp_path / "run/checkpoints/last.ckpt").is_file()


def test_a_key_without_a_network_keeps_the_run_offline(tmp_path, image_sets):
    nowhere = {"WANDB_API_KEY": "k" * 40, "WANDB_BASE_URL": "http://127.0.0.1:9", "WANDB_INIT_TIMEOUT": "2"}
    said = train(tmp_path, image_sets, "logger=wandb", **nowhere)
    assert sum("W&B" in line for line in said.splitlines()) == 1, said
    assert "W&B cannot be reached" in said and "Traceback" not in said
    assert len(wandb_ids(tmp_path / "run")) == 1


def test_wandb_switched_off_by_its_own_variable_stays_off(tmp_path, image_sets):
    said = train(tmp_path, image_sets, "logger=wandb", "logger.wandb.offline=true", WANDB_MODE="disabled")
    assert "W&B" not in said and not wandb_ids(tmp_path / "run")


def test_a_run_without_wandb_does_not_import_it(tmp_path, image_sets):
    without = "+callbacks.without={_target_: fitting.NotImported, module: wandb}"
    train(tmp_path, image_sets, "logger=csv", without)


def test_any_logger_of_lightning_and_a_wrong_option(tmp_path, image_sets):
    own = "+logger.mine={_target_: lightning.pytorch.loggers.CSVLogger, save_dir: mine}"
    train(tmp_path, image_sets, own)
    assert list((tmp_path / "mine").rglob("metrics.csv"))
    wrong = preloaded("stylegan_pl.train", f"data_root={image_sets}", *RUN, "logger=wandb", "logger.wandb.registry=x",
                      "hydra.run.dir=other", cwd=tmp_path)  # fmt: skip
    assert wrong.returncode == 2 and "type logger.wandb.log_model=true" in wrong.stderr
