"""W&B's own agent works through a sweep file with our command line; only its server is replaced."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SWEEP_FILE = Path(__file__).parents[2] / "experiments/sample/wandb_sweep.yaml"

AGENT = """
import json, sys
from pathlib import Path
import wandb, wandb.wandb_agent, yaml
from wandb.apis.public import sweeps

sweep = yaml.safe_load(Path(sys.argv[1]).read_text())
small = ["+debug=smoke", "logger=wandb", "model.generator.width=8", "feature_network.filters=8"]
sweep["command"][-1:-1] = small


def run(name, images, adversarial):
    drawn = {"adversarial": adversarial, "model.generator_optimizer.lr": 0.002, "max_images": images}
    args = {key: {"value": value} for key, value in drawn.items()}
    return {"type": "run", "run_id": name, "program": sweep["program"], "args": args}


waiting = [run("first", 4, "hinge"), run("second", 3000, "least_squares")]


def heartbeat(api, agent, metrics, running):
    if not running:
        return [waiting.pop(0)] if waiting else [{"type": "exit"}]
    for status in Path("outputs").rglob("status.json"):
        found = json.loads(status.read_text())
        if found.get("tracked_as") == {"wandb": "second"} and found.get("images_seen", 0) > 0:
            return [{"type": "stop", "run_id": "second"}]  # as hyperband does
    return []


sweeps._sweep_with_runs = lambda api, name, query: {"config": yaml.safe_dump(sweep)}
sweeps._register_agent = lambda api, host, sweep_id: {"id": "agent"}
sweeps._agent_heartbeat = heartbeat
wandb.Api = object
wandb.wandb_agent.Agent.POLL_INTERVAL = 0.5
wandb.wandb_agent.run_agent("sweep", entity="team", project="stylegan_pl")
"""


@pytest.mark.slow
def test_the_agent_runs_our_command_line_under_its_own_ids(tmp_path) -> None:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])  # it types `python`
    environment = {**os.environ, "PATH": path, "WANDB_MODE": "offline", "WANDB_DIR": str(tmp_path)}
    environment["PYTHONPATH"] = os.pathsep.join(word for word in sys.path if word)
    done = subprocess.run(
        [sys.executable, "-c", AGENT, str(SWEEP_FILE)], cwd=tmp_path, env=environment, capture_output=True, text=True,
        timeout=900,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    found = {}
    for path_of in tmp_path.glob("outputs/train/sample/*/status.json"):
        status = json.loads(path_of.read_text())
        found[status["tracked_as"]["wandb"]] = (status, path_of.parent)
    assert found.keys() == {"first", "second"}, done.stderr[-3000:]
    first, folder = found["first"]
    assert (first["state"], first["images_seen"]) == ("done", 4)
    assert list(folder.glob("wandb/offline-run-*-first/run-first.wandb"))
    config = (folder / "config.yaml").read_text()
    assert "lr: 0.002" in config and "losses.adversarial.Hinge" in config
    second, folder = found["second"]  # stopped by the sweep: saved, as by any other signal
    assert second["state"] == "preempted" and (folder / "checkpoints/last.ckpt").is_file()
    assert list(folder.glob("wandb/offline-run-*-second/run-second.wandb"))
