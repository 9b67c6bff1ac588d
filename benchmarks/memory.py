"""The most memory that a run of code holds, each in a process of its own on a CPU: a process's peak never falls."""

import resource
import subprocess
import sys
from collections.abc import Sequence

import torch


def peak_gib() -> float:
    """Of this process so far: on its GPU where it has one, else in main memory."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / 2**30
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2 ** (30 if sys.platform == "darwin" else 20)


def peak_of_step(overrides: Sequence[str]) -> float:
    """GiB that two steps of a config hold beyond what the libraries do; in a new process."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", *overrides], capture_output=True, text=True, check=True
    )
    return float(done.stdout.strip().splitlines()[-1])


def main() -> None:
    """Two steps, then GiB of their own: the second has the optimizers' averages."""
    from benchmarks.steps import Step, composed

    before = 0.0 if torch.cuda.is_available() else peak_gib()
    step = Step(composed(sys.argv[1:]))
    step()
    step()
    print(peak_gib() - before)


if __name__ == "__main__":
    main()
