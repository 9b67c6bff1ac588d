"""The summary of a sweep: one line per job, and the exit code."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stylegan_pl.runs.status import read_status
from stylegan_pl.sweeps.job_folder import ENDED_WELL, folder_name


def summary(sweep_dir: Path, numbers: Iterable[int]) -> str:
    """The table: number, state, score, seconds, the job's own options, error."""
    rows = [(folder_name(number), read_status(sweep_dir / folder_name(number))) for number in numbers]
    counts = Counter(status.get("state", "not begun") for _, status in rows)
    head = ", ".join(f"{count} {state}" for state, count in counts.items())
    shared = set.intersection(*(set(status.get("overrides", [])) for _, status in rows)) if len(rows) > 1 else set()
    words = {name: " ".join(w for w in status.get("overrides", []) if w not in shared) for name, status in rows}
    width = max(map(len, words.values()), default=0)
    lines = [f"sweep of {len(rows)} {'job' if len(rows) == 1 else 'jobs'}, {head or 'none begun'}: {sweep_dir}"]
    for name, status in rows:
        error = f"  {status['error']}" if status.get("error") else ""
        cells = f"{status.get('state', 'not begun'):11}{_number(status.get('score')):>10}{_seconds(status):>10}"
        lines.append(f"  {name}  {cells}  {words[name]:{width}}{error}".rstrip())
    return "\n".join(lines)


def exit_code(sweep_dir: Path, numbers: Iterable[int]) -> int:
    """The largest exit code of the jobs; 1 for a failed job without one."""
    codes = []
    for number in numbers:
        status = read_status(sweep_dir / folder_name(number))
        codes.append(0 if status.get("state") in ENDED_WELL else int(status.get("exit_code") or 1))
    return max(codes, default=0)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _seconds(status: dict[str, Any]) -> str:
    return f"{status['seconds']:.0f} s" if status.get("seconds") is not None else ""
