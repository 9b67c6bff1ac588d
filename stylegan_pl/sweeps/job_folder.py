"""Names of folders in a sweep's folder."""

from pathlib import Path

ENDED_WELL = ("done", "pruned")


def folder_name(number: int) -> str:
    """The name of a job's folder, e.g. `007`."""
    return f"{number:03d}"


def home_mark(sweep_dir: Path) -> Path:
    """The file that marks a sweep's folder as one of a study."""
    return sweep_dir / ".workers" / "home"


def is_a_studys(sweep_dir: Path) -> bool:
    """Whether a folder's jobs are trials of a study, not jobs of a grid."""
    return home_mark(sweep_dir).exists()
