"""Signals and dead ranks: what is saved, who starts again, and that nobody waits for ever."""

import json
import os
import signal
import socket
import time
from pathlib import Path

import pytest
import torch
from conftest import SMALL
from fitting import assert_same, command, run_until
from preloaded import Started
from ranks import DDP, PYTHONPATH, fault

from stylegan_pl.config.cli import run_verb
from stylegan_pl.training.run import run

WITHIN_S = 60.0  # a job that has lost a rank has ended by then


def launch(cwd: Path, *overrides: str, name: str = "run", before: tuple[str, ...] = (), **environment: str):
    """The verb, perhaps below torchrun; its exit and what it said."""
    verb = [*before, "stylegan_pl.train"]
    typed = [*SMALL, *overrides, f"hydra.run.dir={name}"]
    return command(*verb, *typed, cwd=cwd, PYTHONPATH=PYTHONPATH, **environment)


def status(run_dir: Path) -> dict:
    return json.loads((run_dir / "status.json").read_text())


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def last(run_dir: Path) -> dict:
    return torch.load(run_dir / "checkpoints/last.ckpt", weights_only=True)


@pytest.mark.slow
def test_a_signal_to_one_rank_stops_both_and_the_next_start_goes_on_bit_for_bit(tmp_path, image_sets):
    """With pools of earlier fakes, of which each rank has its own."""
    typed = [f"data_root={image_sets}", *DDP, "batch_size=1", "model.game.pool_size=3", "penalty=none"]
    typed += ["max_images=24", "val_every_images=100"]
    whole = launch(tmp_path, *typed, name="whole")
    assert whole.returncode == 0, whole.stderr
    stopping = [*typed, *fault(tmp_path, "SIGUSR1", rank=1, images=8)]
    first = launch(tmp_path, *stopping, name="halves")
    assert first.returncode == 75, first.stderr
    assert status(tmp_path / "halves")["state"] == "preempted"
    stopped = last(tmp_path / "halves")
    assert 10 <= stopped["images_seen"] <= 12  # the batch of the signal, and the one in which all hear of it
    pools = stopped["pools"]["game.pool"]
    assert [len(pool) for pool in pools] == [3, 3] and not torch.equal(*pools)

    second = launch(tmp_path, *stopping, name="halves")  # not told to resume: it was preempted
    assert second.returncode == 0, second.stderr
    a, b = last(tmp_path / "whole"), last(tmp_path / "halves")
    for key in ("images_seen", "state_dict", "optimizer_states", "pools"):
        assert_same(a[key], b[key])


@pytest.mark.parametrize(
    ("number", "said"),
    [("SIGKILL", "rank 1 (pid"), pytest.param("SIGSTOP", "rank 1 (", marks=pytest.mark.slow)],  # a timeout long
)
def test_a_dead_or_frozen_rank_ends_the_run_with_its_name(tmp_path, image_sets, number, said):
    typed = [f"data_root={image_sets}", *DDP, "batch_size=1", "max_images=4000", "trainer.strategy.timeout_s=8"]
    typed += ["val_every_images=100000", "hydra.run.dir=run", *fault(tmp_path, number, rank=1, images=4)]
    running = Started("stylegan_pl.train", *SMALL, *typed, cwd=tmp_path, PYTHONPATH=PYTHONPATH)
    while not (tmp_path / "marker").exists():
        assert running.process.is_alive(), running.ended(within_s=1)
        time.sleep(0.2)
    started = time.monotonic()
    done = running.ended(within_s=WITHIN_S)
    assert done.returncode == 1 and time.monotonic() - started < WITHIN_S
    error = done.stderr
    line = next(line for line in error.splitlines() if line.startswith("error: "))
    assert said in line and ("was killed by SIGKILL" if number == "SIGKILL" else "does not respond") in line
    assert "resume=auto" in line and "Traceback" not in error
    assert status(tmp_path / "run")["state"] == "failed" and "rank 1" in status(tmp_path / "run")["error"]
    pid = int((tmp_path / "marker").read_text())
    while is_there(pid):  # nothing is left behind
        assert time.monotonic() - started < WITHIN_S
        time.sleep(0.1)


@pytest.mark.slow
def test_torchrun_starts_a_killed_rank_again_and_the_run_goes_on(tmp_path, image_sets):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = ("torch.distributed.run", "--nnodes=1", "--nproc-per-node=2", "--max-restarts=2", "--rdzv-backend=c10d")
    torchrun += (f"--rdzv-endpoint=127.0.0.1:{port}", "--local-addr=127.0.0.1", "--rdzv-id=test")
    typed = [f"data_root={image_sets}", "trainer=ddp", "trainer.accelerator=cpu", "batch_size=1", "max_images=24"]
    typed += ["val_every_images=8", *fault(tmp_path, "SIGKILL", rank=1, images=14)]
    done = launch(tmp_path, *typed, before=(*torchrun, "-m"), TORCH_DISABLE_SHARE_RDZV_TCP_STORE="1")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "marker").exists()
    assert done.stdout.count("1 per device, 2 in all, 2 × CPU") == 2  # said by one rank, once a start
    assert "resuming from" in done.stdout and done.stdout.count("done in") == 1
    found = status(tmp_path / "run")
    assert (found["state"], found["images_seen"], found["resumed"]) == ("done", 24, True)


@pytest.mark.parametrize(("number", "asked"), [(signal.SIGUSR1, True), (signal.SIGUSR2, True), (signal.SIGTERM, False)])
def test_slurm_is_asked_to_start_the_job_again_unless_it_was_cancelled(
    train_config, tmp_path, monkeypatch, number, asked
):
    """A stand-in for scontrol notes what it was told, and what had been saved by then."""
    scontrol = tmp_path / "bin/scontrol"
    scontrol.parent.mkdir()
    scontrol.write_text(f'#!/bin/sh\necho "$@" $(ls {tmp_path}/run/checkpoints) >> {tmp_path}/asked\n')
    scontrol.chmod(0o755)
    monkeypatch.setenv("PATH", f"{scontrol.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_JOB_ID", "41")
    monkeypatch.setattr("stylegan_pl.distributed.requeue._UNTIL_KILLED_S", 0.0)
    before = signal.getsignal(signal.SIGTERM)
    assert run_until(4, number, train_config("max_images=8"), monkeypatch) == 75
    signal.signal(signal.SIGTERM, before)
    said = (tmp_path / "asked").read_text().split() if (tmp_path / "asked").exists() else []
    assert said[:2] == (["requeue", "41"] if asked else [])
    assert not asked or "last.ckpt" in said
    monkeypatch.setenv("SLURM_RESTART_COUNT", "1")
    assert run(train_config("max_images=8")) == 0  # as Slurm starts it again: the same command line
    assert status(tmp_path / "run")["resumed"] is True


@pytest.mark.parametrize("place", ["stylegan_pl.training.check.check", "stylegan_pl.training.run.checkpoint_to_resume"])
def test_a_run_told_to_end_before_it_began_leaves_no_folder(tmp_path, image_sets, monkeypatch, place):
    def told_to_end(*arguments):
        assert list(tmp_path.glob("outputs/train/run/*")), "Hydra has made it"
        os.kill(os.getpid(), signal.SIGTERM)
        raise AssertionError("the signal was not heard")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(place, told_to_end)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with pytest.raises(SystemExit) as ended:
            run_verb("train", words=[*SMALL, f"data_root={image_sets}", "run_name=run"])
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)
    assert ended.value.code == 75
    assert not (tmp_path / "outputs").exists()


def test_a_run_whose_last_batch_hears_the_signal_is_done(train_config, monkeypatch):
    assert run_until(8, signal.SIGUSR1, train_config("max_images=8"), monkeypatch) == 0
