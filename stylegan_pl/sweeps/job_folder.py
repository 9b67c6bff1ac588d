"""Names in a sweep's folder, and whether it is a study's."""

from pathlib import Path

ENDED_WELL = ("done", "pruned")


def folder_name(number: int) -> str:
    """007"""
    return f"{number:03d}"


def home_mark(sweep_dir: Path) -> Path:
    """The file that marks a sweep's folder as a study's."""
    return sweep_dir / ".workers" / "home"


def is_a_studys(sweep_dir: Path) -> bool:
    """Whether a folder's jobs are trials of a study, not of a grid."""
    return home_mark(sweep_dir).exists()
