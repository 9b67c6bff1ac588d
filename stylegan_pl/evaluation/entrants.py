"""Finds what the user wants to evaluate: run folders, checkpoint files, folders of pictures."""

from collections import Counter
from collections.abc import Sequence
from glob import glob, has_magic
from pathlib import Path
from typing import NamedTuple

from stylegan_pl.errors import ConfigError, not_there
from stylegan_pl.runs.checkpoint import resolve
from stylegan_pl.runs.painters import PREFIX, names


class Entrant(NamedTuple):
    """A generator, or a folder of pictures, to evaluate."""

    name: str  # short and unique
    source: str  # as typed
    checkpoint: Path | None  # None: a folder of pictures


def entrants(typed: Sequence[str]) -> list[Entrant]:
    """Expand patterns, separate checkpoints from pictures, and give each the shortest unique part of its path as name.

    Raises:
        ConfigError: a path does not exist.
        UserError: a run without a checkpoint.
    """
    sources = [found for word in typed for found in _expanded(word)]
    checkpoints = [_checkpoint(source) for source in sources]
    names = _short_names([Path(source) for source in sources])
    return [Entrant(*parts) for parts in zip(names, sources, checkpoints, strict=True)]


def _expanded(word: str) -> list[str]:
    if word.startswith(PREFIX):
        return [word]
    if not has_magic(word) or Path(word).exists():
        if not Path(word).exists():
            if "," in word and all(Path(part).exists() for part in word.split(",")):
                raise ConfigError(f"no file or folder {word}; for several, type compare=[{word}]")
            known = f"; painter:{word} is in the box" if word in names() else ""
            what = f"no file or folder {word}; give a run folder, a .ckpt or a folder of pictures{known}"
            raise ConfigError(not_there(word, what))
        return [word]
    found = sorted(glob(word))  # noqa: PTH207  # a pattern may begin at the root
    if not found:
        raise ConfigError(f"nothing matches {word}; give run folders, .ckpt files or folders of pictures")
    return found


def _checkpoint(source: str) -> Path | None:
    path = Path(source)
    if path.is_file() or source.startswith(PREFIX):
        return resolve(source)
    is_run = (path / "status.json").is_file() or any(
        any(folder.glob("*.ckpt")) for folder in (path, path / "checkpoints")
    )
    return resolve(source) if is_run else None


def _short_names(paths: list[Path]) -> list[str]:
    """The last part of each path; equal names get one more part of their path, and equal paths a number."""
    parts = [path.resolve().parts for path in paths]
    deepest = max(map(len, parts), default=1)
    for count in range(1, deepest + 1):
        names = ["/".join(path[-count:]) for path in parts]
        if len(set(names)) == len(names):
            return names
    seen: Counter[str] = Counter()
    numbered = []
    for path in parts:
        seen[path[-1]] += 1
        numbered.append(path[-1] if seen[path[-1]] == 1 else f"{path[-1]} ({seen[path[-1]]})")
    return numbered
