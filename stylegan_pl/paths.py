"""Where conf/ is: inside the installed package, else beside it in a clone."""

from collections.abc import Sequence
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def conf_dir() -> Path:
    """The folder of config groups, absolute, so that a command works from any working directory."""
    installed = _PACKAGE / "conf"
    return installed if installed.is_dir() else _PACKAGE.parent / "conf"


def told_apart(paths: Sequence[str], *, parts: int = 1) -> list[str]:
    """The last `parts` of each path, or as many as tell them apart: `coco_vangogh/2026-11-23_20-15-02`."""
    split = [Path(path).absolute().parts[1:] for path in paths]
    for count in range(parts, max(map(len, split)) + 1):
        names = ["/".join(part[-count:]) for part in split]
        if len(set(names)) == len(set(split)):  # one named twice is one
            return names
    return ["/".join(part) for part in split]
