"""Two commands started at once into one place: one does its work, the other ends in a line, nothing is mixed.

Different pictures may go into one folder, as `xargs -P` paints them.
"""

import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
import stub_training
from conftest import SMALL, save_teacher
from images_on_disk import write_images
from preloaded import Started, preloaded

ENDS_WITHIN_S = 300


def both(*commands: list[str], cwd: Path) -> list[subprocess.CompletedProcess[str]]:
    """What became of commands that were started together, the refused one last."""
    started = [Started(*command, cwd=cwd) for command in commands]
    return sorted((each.ended(within_s=ENDS_WITHIN_S) for each in started), key=lambda one: one.returncode)


def refused(done: subprocess.CompletedProcess[str], said: str) -> None:
    assert done.returncode == 2 and said in done.stderr, done.stderr
    assert done.stderr.count("\n") == 1 and done.stderr.startswith("error: ")


def test_of_two_trainings_one_trains(image_sets, tmp_path):
    typed = ["stylegan_pl.train", *SMALL, f"data_root={image_sets}", "hydra.run.dir=run", "logger=csv"]
    first, second = both([*typed, "seed=1"], [*typed, "seed=2"], cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    refused(second, "run: another run is training there")
    run = tmp_path / "run"
    assert json.loads((run / "status.json").read_text())["state"] == "done"
    assert (run / "config.yaml").read_text().count(f"\n{_seed(first)}\n") == 1
    log = (run / "train.log").read_text()
    assert "another run" not in log and log.count("done in ") == 1
    images = [int(line.split(",")[0]) for line in (run / "metrics.csv").read_text().splitlines()[1:]]
    assert all(a <= b for a, b in pairwise(images))


def _seed(done: subprocess.CompletedProcess[str]) -> str:
    return next(word for word in done.args if word.startswith("seed=")).replace("=", ": ")


def test_of_two_grids_one_runs(tmp_path):
    def grid(seeds: str) -> subprocess.Popen[str]:
        typed = [sys.executable, stub_training.__file__, "-m", f"seed={seeds}"]
        return subprocess.Popen(
            typed, cwd=tmp_path, env=os.environ | {"STUB_AWAITS": str(other_has_ended)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    other_has_ended = tmp_path / "ended"
    begun = [grid("1,2"), grid("3,4")]
    end = time.monotonic() + ENDS_WITHIN_S
    while all(each.poll() is None for each in begun) and time.monotonic() < end:
        time.sleep(0.02)
    other_has_ended.touch()
    said = [each.communicate(timeout=ENDS_WITHIN_S)[1] for each in begun]
    codes = [each.returncode for each in begun]
    assert sorted(codes) == [0, 2], said
    line = said[codes.index(2)]
    assert line.count("\n") == 1 and "outputs/sweep/vanilla: another sweep runs there; wait" in line
    seeds = ["seed=1", "seed=2"] if codes[0] == 0 else ["seed=3", "seed=4"]
    jobs = sorted((tmp_path / "outputs/sweep/vanilla").glob("*/status.json"))
    assert [json.loads(job.read_text())["overrides"][0] for job in jobs] == seeds


@pytest.fixture
def painters(tmp_path) -> list[str]:
    """Two generators."""
    names = ["a.ckpt", "b.ckpt"]
    for width, name in enumerate(names, start=8):
        save_teacher(tmp_path / name, {"_target_": "stylegan_pl.generators.resnet.ResNetGenerator", "width": width})
    return names


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize(("given", "output"), [("photos", "out"), ("photos/000.png", "out/one.png")])
def test_of_two_painters_one_paints(painters, tmp_path, given, output):
    write_images(tmp_path / "photos", 12 if given == "photos" else 1, size=64, seed=1)
    typed = ["stylegan_pl.stylize", f"input={given}", "device=cpu"]
    first, second = both(*([*typed, f"ckpt={name}", f"output={output}"] for name in painters), cwd=tmp_path)
    assert first.returncode == 0, first.stderr
    painter = next(word for word in first.args if word.startswith("ckpt="))
    there = "is there already" if "is there already" in second.stderr else "another command writes there; wait"
    refused(second, there)
    alone = preloaded(*typed, painter, f"output={output.replace('out', 'alone')}", cwd=tmp_path)
    assert alone.returncode == 0 and content(tmp_path / "out") == content(tmp_path / "alone")


def test_pictures_of_several_calls_share_a_folder(painters, tmp_path):
    write_images(tmp_path / "photos", 2, size=32, seed=1)
    typed = ["stylegan_pl.stylize", "ckpt=a.ckpt", "device=cpu", "output=out"]
    done = both(*([*typed, f"input=photos/{name}.png"] for name in ("000", "001")), cwd=tmp_path)
    assert [each.returncode for each in done] == [0, 0]
    assert sorted(content(tmp_path / "out")) == ["000.png", "001.png"]
