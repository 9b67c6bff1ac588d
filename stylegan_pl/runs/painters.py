"""What is in the box, without torch: names, files, and what each file tells of itself."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from stylegan_pl.errors import ConfigError, nearest
from stylegan_pl.runs.file_format import METADATA_KEY

PREFIX = "painter:"
"""What stands before a name where a run folder or a file could stand, as in ckpt=painter:vangogh."""

NEAREST = f"{PREFIX}nearest"
"""`start_from=` of it: the painter in the box that comes nearest to the paintings at hand."""


def folder() -> Path:
    """Where the painters lie."""
    return Path(__file__).parents[1] / "box"


def names() -> list[str]:
    """Of all painters, by the alphabet."""
    return sorted(path.stem for path in folder().glob("*.safetensors"))


def path_of(name: str) -> Path:
    """The file of weights.

    Raises:
        ConfigError: there is none of that name.
    """
    there = names()
    if name in there:
        return folder() / f"{name}.safetensors"
    said = nearest(name, there) if there else "; it is empty: type ckpt=RUN_OR_FILE"
    raise ConfigError(f"painter={name}: no painter of that name is in the box{said}")


def card_of(name: str) -> str:
    """The model card, Markdown: what it was trained on, by which command, in how long, its scores and licence.

    Raises:
        ConfigError: there is no such painter.
    """
    return path_of(name).with_name(f"{name}.safetensors.md").read_text(encoding="utf-8")


def short_names(sources: Sequence[str], *, parts: int = 1) -> list[str]:
    """Of generators as they were typed, no two alike: painters by name, others by the last `parts` of their paths."""
    paths = [source for source in sources if not source.startswith(PREFIX)]
    short = dict(zip(paths, told_apart(paths, parts=parts), strict=True)) if paths else {}
    taken = set(short.values())
    for source in sources:
        name = source.removeprefix(PREFIX)
        short.setdefault(source, source if name in taken else name)
    return [short[source] for source in sources]


def told_apart(paths: Sequence[str], *, parts: int = 1) -> list[str]:
    """The last `parts` of each path, or as many as tell them apart: `coco_vangogh/2026-11-23_20-15-02`."""
    split = [Path(path).absolute().parts[1:] for path in paths]
    for count in range(parts, max(map(len, split)) + 1):
        names = ["/".join(part[-count:]) for part in split]
        if len(set(names)) == len(set(split)):  # one named twice is one
            return names
    return ["/".join(part) for part in split]


def told(name: str) -> dict[str, Any]:
    """What a list shows of a painter: its name, a line about it, licence, size in bytes and files.

    Raises:
        ConfigError: there is no such painter.
    """
    from safetensors import safe_open  # here: `stylize model=` does without

    path = path_of(name)
    with safe_open(path, "np") as file:
        facts = json.loads((file.metadata() or {}).get(METADATA_KEY, "{}"))
    thumbnail = path.with_suffix(".jpg")
    return {
        "name": name,
        "about": facts.get("about"),
        "licence": facts.get("licence"),
        "bytes": path.stat().st_size,
        "file": str(path),
        "card": str(path.with_name(f"{path.name}.md")),
        "thumbnail": str(thumbnail) if thumbnail.is_file() else None,
    }
