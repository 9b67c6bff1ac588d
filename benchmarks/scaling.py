"""What a second rank brings on a CPU, with threads pinned: one rank of one thread, one of two, two of one each.

    python -m benchmarks.scaling

Two ranks share a batch twice as large, gradients averaged by gloo through DDP as the Trainer has it. A rank that were
left all cores would take them from its neighbour: each has as many threads as it is said to have. Reported, with no
target: two processes on two cores share one memory bus.
"""

import os
import socket
import subprocess
import sys
import time

import torch
from torch import Tensor, nn
from torch import distributed as dist

from benchmarks.pairs import last_line, machine, table
from benchmarks.steps import NO_DOWNLOADS, Step, composed
from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.fakes import Fakes, each

SETTINGS = ((1, 1), (1, 2), (2, 1))  # ranks, threads each
_STEPS = 4  # timed, after two that are not


class _Together(nn.Module):
    """A step's losses as one forward, for DDP to wrap: its hooks average gradients while backward runs."""

    def __init__(self, step: Step) -> None:
        super().__init__()
        self.model = step.model

    def forward(self, player: str, batch: StylePair, fakes: Fakes | None) -> tuple[Fakes, Terms]:
        """The pictures, made in the generator's turn, and the terms of a player."""
        if player == "generator":
            fakes = self.model.generate(batch)
        assert fakes is not None  # the generator comes first
        return fakes, self.model._terms(player, batch, fakes)


def rank() -> None:
    """One rank of a setting: prints its seconds a step."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    ranks = int(os.environ["WORLD_SIZE"])
    step = Step(composed([*NO_DOWNLOADS, *sys.argv[1:]]))
    together: nn.Module = _Together(step)
    if ranks > 1:
        dist.init_process_group("gloo")
        together = nn.parallel.DistributedDataParallel(together, find_unused_parameters=True, broadcast_buffers=False)
    for number in range(2 + _STEPS):
        if number == 2:
            started = time.perf_counter()
        _step(together, step)
    print((time.perf_counter() - started) / _STEPS)
    if ranks > 1:
        dist.destroy_process_group()


def _step(together: nn.Module, step: Step) -> None:
    fakes = None
    for player, optimizer in step.optimizers.items():
        for other in step.optimizers:
            for module in step.model.player_modules(other):
                module.requires_grad_(other == player)
        fakes, terms = together(player, step.batch, fakes)
        fakes = each(fakes, Tensor.detach)  # DDP hands them out with its own node on top
        torch.stack(list(terms.values())).sum().backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)


def measure(ranks: int, threads: int, overrides: list[str]) -> float:
    """Seconds a step, the slowest rank's."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": str(ranks), "SCALING_RANK": "1"}
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "benchmarks.scaling", *overrides],
            env=os.environ | common | {"RANK": str(number), "LOCAL_RANK": str(number), "OMP_NUM_THREADS": str(threads)},
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(ranks)
    ]
    outputs = [process.communicate()[0] for process in processes]
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{ranks} ranks of {threads} threads: a rank failed")
    return max(float(output.strip().splitlines()[-1]) for output in outputs)


def main() -> None:
    """Each setting twice, in turn; the faster of both counts."""
    overrides = sys.argv[1:] or ["model=cyclegan", "image_size=64", "batch_size=1"]
    found: dict[tuple[int, int], list[float]] = {setting: [] for setting in SETTINGS}
    for _ in range(2):
        for setting in SETTINGS:
            found[setting].append(measure(*setting, overrides))
    batch = int(composed(overrides).batch_size)
    rates = {setting: setting[0] * batch / min(seconds) for setting, seconds in found.items()}
    rows = [
        {
            "ranks": ranks,
            "threads each": threads,
            "s a step": min(found[ranks, threads]),
            "pairs/s": rates[ranks, threads],
            "of one rank, one thread": rates[ranks, threads] / rates[SETTINGS[0]],
        }
        for ranks, threads in SETTINGS
    ]
    table(rows)
    last_line({"rows": rows, **machine()})


if __name__ == "__main__":
    rank() if os.environ.get("SCALING_RANK") else main()
