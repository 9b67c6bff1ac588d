"""What is saved when, and what is said where it cannot be."""

import json
import logging
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from faults.injections import At, full_disk_for, last, run_with, workers
from fitting import assert_same
from images_on_disk import write_images

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.runs.folder import lock_of
from stylegan_pl.training.run import run


class Crash(Exception):
    """Nobody expects it."""


def crash() -> None:
    raise Crash


def unvalidated(tmp_path: Path) -> list[str]:
    """Options for sets of which nothing is held out."""
    for hue, side in enumerate(("content", "style")):
        write_images(tmp_path / "sets" / side, 6, hue=hue)
    return [f"data_root={tmp_path / 'sets'}", "data.content.held_out=0", "data.style.held_out=0"]


def test_without_validation_a_run_is_saved_and_drawn_by_images(train_config, tmp_path, monkeypatch, caplog, recwarn):
    config = train_config(*unvalidated(tmp_path), "max_images=40", "val_every_images=8")
    with caplog.at_level(logging.INFO), pytest.raises(Crash):
        run_with(config, monkeypatch, At(20, crash))
    assert last(tmp_path / "run")["images_seen"] == 16
    assert sorted(path.name for path in (tmp_path / "run/samples").iterdir()) == ["000000008.png", "000000016.png"]
    assert any("nothing to validate" in message and "held_out" in message for message in caplog.messages)
    assert not [str(warning.message) for warning in recwarn if "is zero" in str(warning.message)]


def test_a_run_is_saved_by_minutes_between_validations(train_config, tmp_path, monkeypatch):
    config = train_config("max_images=40", "val_every_images=1000", "callbacks.checkpoints.every_minutes=1e-6")
    with pytest.raises(Crash):
        run_with(config, monkeypatch, At(20, crash))
    assert last(tmp_path / "run")["images_seen"] == 20


def test_a_run_saved_between_validations_and_killed_ends_in_the_undisturbed_bytes(train_config, tmp_path, monkeypatch):
    common = ["max_images=20", "val_every_images=8", "callbacks.checkpoints.every_images=6"]
    assert run(train_config(*common, f"run_dir={tmp_path / 'whole'}")) == 0
    config = train_config(*common, f"run_dir={tmp_path / 'halves'}")
    with pytest.raises(Crash):
        run_with(config, monkeypatch, At(14, crash))
    assert last(tmp_path / "halves")["images_seen"] == 14
    assert run(train_config(*common, f"run_dir={tmp_path / 'halves'}", "resume=auto")) == 0
    whole, halves = (last(tmp_path / name) for name in ("whole", "halves"))
    assert_same(whole["state_dict"], halves["state_dict"])
    rows = [(tmp_path / name / "metrics.csv").read_text().splitlines() for name in ("whole", "halves")]
    assert len(rows[0]) == len(rows[1])  # what was logged past the checkpoint came once


def one_line(told: pytest.ExceptionInfo[UserError]) -> str:
    line = str(told.value)
    assert "\n" not in line
    return line


def test_a_full_disk_is_told_in_a_line_with_the_last_good_checkpoint(train_config, tmp_path, monkeypatch):
    path = tmp_path / "run/checkpoints/last.ckpt"
    with pytest.raises(UserError, match="No space left on device") as told:
        run_with(train_config("max_images=20", "val_every_images=4"), monkeypatch, At(6, lambda: full_disk_for(path)))
    assert f"the last good checkpoint is {path}" in one_line(told) or "best.ckpt" in one_line(told)
    assert json.loads((tmp_path / "run/status.json").read_text())["state"] == "failed"
    assert run(train_config("max_images=20", "val_every_images=4", "resume=auto")) == 0


def test_a_grid_that_cannot_be_drawn_ends_the_run_in_a_line_and_its_workers_with_it(
    train_config, tmp_path, monkeypatch
):
    """Workers are deaf to what ends other processes: a run that waited for them at its end waited for ever."""
    with pytest.raises(UserError) as told:  # the error holds on to all that the run held
        config = train_config("max_images=20", "val_every_images=8", "data.workers=1")
        run_with(config, monkeypatch, At(4, (tmp_path / "run/samples").touch))
    assert workers() == []
    line, path = one_line(told), tmp_path / "run/checkpoints/last.ckpt"
    assert f"{tmp_path / 'run/samples/000000008.png'}: cannot be written (" in line
    assert f"the last good checkpoint is {path}" in line and last(tmp_path / "run")["images_seen"] == 8


def test_a_folder_that_vanishes_is_told_in_a_line(train_config, tmp_path, monkeypatch):
    config = train_config("max_images=20", "val_every_images=4")

    def vanish() -> None:
        shutil.rmtree(tmp_path / "run")
        (tmp_path / "run").touch()  # as a mount that is gone leaves a place where nothing can be made

    with pytest.raises(UserError) as told:
        run_with(config, monkeypatch, At(6, vanish))
    assert str(tmp_path / "run") in one_line(told) and "nothing had been saved" in one_line(told)


@pytest.mark.parametrize("name", ["metrics.csv", "status.json"])
def test_a_record_that_cannot_be_written_is_named_and_costs_no_image(train_config, tmp_path, monkeypatch, name):
    def replace() -> None:
        (tmp_path / "run" / name).unlink()
        (tmp_path / "run" / name).mkdir()

    monkeypatch.setattr("stylegan_pl.callbacks.status._EVERY_S", 0.0)
    config = train_config("max_images=20", "val_every_images=1000", "log_every_batches=1")
    with pytest.raises(UserError, match="Is a directory") as told:
        run_with(config, monkeypatch, At(6, replace))
    assert one_line(told).startswith(f"{tmp_path / 'run' / name}: cannot be written")
    assert last(tmp_path / "run")["images_seen"] == 8


@pytest.mark.parametrize("every_s", [0.0, 1000.0])
def test_a_run_whose_folder_is_renamed_goes_on_in_one_made_again(train_config, tmp_path, monkeypatch, caplog, every_s):
    monkeypatch.setattr("stylegan_pl.callbacks.status._EVERY_S", every_s)
    config = train_config("max_images=20", "val_every_images=1000", "log_every_batches=1")
    with caplog.at_level(logging.WARNING):
        assert run_with(config, monkeypatch, At(6, lambda: (tmp_path / "run").rename(tmp_path / "kept"))) == 0
    assert last(tmp_path / "run")["images_seen"] == 20
    assert (tmp_path / "kept/config.yaml").exists()
    assert sum("was removed or renamed meanwhile" in message for message in caplog.messages) == 1


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as its disk leaves it after an error: read, and not written. Root's alone."""
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def may_mount(folder: Path) -> bool:
    try:
        with read_only(folder):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


def test_a_disk_that_turns_read_only_is_told_in_a_line_and_the_run_goes_on_once_it_is_not(
    train_config, tmp_path, monkeypatch
):
    (tmp_path / "run").mkdir()
    if not may_mount(tmp_path / "run"):
        pytest.skip("nobody may mount anything here")
    typed = ["max_images=20", "val_every_images=4"]
    with ExitStack() as disk, pytest.raises(UserError, match="Read-only file system") as told:
        turn = At(10, lambda: disk.enter_context(read_only(tmp_path / "run")))
        run_with(train_config(*typed), monkeypatch, turn)
    assert f"the last good checkpoint is {tmp_path / 'run/checkpoints'}" in one_line(told)
    assert last(tmp_path / "run")["images_seen"] == 8
    assert run(train_config(*typed, "resume=auto")) == 0 and last(tmp_path / "run")["images_seen"] == 20


@pytest.mark.parametrize("typed", [[], ["resume=auto"]], ids=["anew", "on"])
def test_a_folder_in_the_place_of_the_checkpoint_is_refused(train_config, tmp_path, typed):
    place = tmp_path / "run/checkpoints/last.ckpt"
    place.mkdir(parents=True)
    with pytest.raises(ConfigError, match=r"last\.ckpt is a folder|holds a run already"):
        run(train_config(*typed))
    assert list(place.parent.iterdir()) == [place]


def test_a_folder_that_cannot_be_made_is_told_in_a_line(train_config, tmp_path):
    (tmp_path / "run").symlink_to("/proc/nowhere/run")
    with pytest.raises(UserError, match="cannot be written") as told:
        run(train_config())
    assert "/proc/nowhere" in one_line(told)


def test_checkpoints_do_not_pass_through_the_folder_of_temporary_files(train_config, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "full"))
    assert run(train_config()) == 0


def test_a_second_run_in_a_folder_is_refused_and_writes_nothing_there(train_config, tmp_path):
    folder = tmp_path / "run"
    folder.mkdir()
    holding = "import fcntl, sys, time; file = open(sys.argv[1], 'w'); fcntl.flock(file, fcntl.LOCK_EX); "
    holding += "print(1, flush=True); time.sleep(60)"
    other = subprocess.Popen([sys.executable, "-c", holding, str(lock_of(folder))], stdout=subprocess.PIPE)
    try:
        assert other.stdout is not None and other.stdout.readline()
        with pytest.raises(ConfigError, match=r"another run is training there; wait until it ends, or type another"):
            run(train_config())
        assert [path.name for path in folder.iterdir()] == [lock_of(folder).name]
    finally:
        other.kill()
        other.wait()
    assert run(train_config()) == 0  # who is dead holds nothing
