"""Seconds and the most memory of a step, each in a process of its own on a CPU: a process's peak never falls."""

import json
import re
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks.pairs import timed

_STEPS = 2  # timed, after one that allocates


class Cost(NamedTuple):
    """Of a step."""

    seconds: float
    gib: float  # held at most, beyond what the libraries hold


def cost_of_step(overrides: Sequence[str]) -> Cost:
    """Of a config's step, measured in a new process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *overrides], stdout=subprocess.PIPE, text=True, check=True
    )
    return Cost(*json.loads(done.stdout.strip().splitlines()[-1]))


def peak_gib() -> float:
    """Of this process so far: on its GPU where it has one, else in main memory."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**30
    status = Path("/proc/self/status")  # Linux' ru_maxrss has what the parent held when it forked
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())) is not None:
        return float(found[1]) / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (30 if sys.platform == "darwin" else 20)


def main() -> None:
    """A step that allocates, with the optimizers' averages; then those that count."""
    from benchmarks.steps import Step, composed

    before = 0.0 if torch.cuda.is_available() else peak_gib()
    step = Step(composed(sys.argv[1:]))
    step()
    seconds = min(timed(step).seconds for _ in range(_STEPS))
    print(json.dumps([seconds, peak_gib() - before]))


if __name__ == "__main__":
    main()
