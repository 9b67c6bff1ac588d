"""Timing in pairs: A B A B … in one process, so that whatever else the machine does falls on both."""

import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch


class Spent(NamedTuple):
    """Of one call."""

    seconds: float
    cpu_seconds: float  # of all threads; other programs on the machine leave it alone where there is one thread


def timed(run: Callable[[], object]) -> Spent:
    """One call, with what a device still has to do."""
    started, cpu_started = time.perf_counter(), time.process_time()
    run()
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return Spent(time.perf_counter() - started, time.process_time() - cpu_started)


def pairs(runs: Mapping[str, Callable[[], object]], *, repetitions: int, warm_up: int = 2) -> dict[str, list[Spent]]:
    """Each run by name, `repetitions` of them in turn; the first `warm_up` rounds are not counted."""
    spent: dict[str, list[Spent]] = {name: [] for name in runs}
    for repetition in range(warm_up + repetitions):
        for name, run in runs.items():
            one = timed(run)
            if repetition >= warm_up:
                spent[name].append(one)
    return spent


def median(spent: Sequence[Spent]) -> float:
    """Seconds."""
    return statistics.median(one.seconds for one in spent)


def ratio(ours: Sequence[Spent], reference: Sequence[Spent]) -> float:
    """The median over pairs of ours / reference: both of a pair met the same load."""
    return statistics.median(a.seconds / b.seconds for a, b in zip(ours, reference, strict=True))


def cpu_ratio(ours: Sequence[Spent], reference: Sequence[Spent]) -> float:
    """The same of processor time."""
    return statistics.median(a.cpu_seconds / b.cpu_seconds for a, b in zip(ours, reference, strict=True))


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print rows as a Markdown table; columns are the first row's keys."""
    columns = list(rows[0])
    cells = [columns, *([_text(row.get(column, "")) for column in columns] for row in rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(columns))]
    for number, row in enumerate(cells):
        print("| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def last_line(facts: Mapping[str, Any]) -> None:
    """Print the numbers for programs: JSON, in one line, the last."""
    print(json.dumps(facts), flush=True)


def machine() -> dict[str, Any]:
    """What numbers belong to: the processor or card, threads, versions, and how busy it was."""
    names = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    processor = next((line.split(":")[1].strip() for line in names if line.startswith("model name")), "")
    return {
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else processor or platform.processor(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def _text(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
