"""The painters in the box, read without torch: names, files and cards."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from stylegan_pl.errors import ConfigError, first_line, nearest
from stylegan_pl.runs.file_format import METADATA_KEY

PREFIX = "painter:"
"""Prefix of a painter's name in place of a run folder or a file, as in ckpt=painter:vangogh."""

NEAREST = f"{PREFIX}nearest"
"""Value of `start_from=`: the painter in the box that suits the paintings best."""


def folder() -> Path:
    """The folder of the painters."""
    return Path(__file__).parents[1] / "box"


def names() -> list[str]:
    """The names of all painters, sorted."""
    return sorted(path.stem for path in folder().glob("*.safetensors"))


def path_of(name: str) -> Path:
    """The weight file of a painter.

    Raises:
        ConfigError: there is none of that name.
    """
    there = names()
    if name in there:
        return folder() / f"{name}.safetensors"
    hint = nearest(name, there) if there else "; it is empty: type ckpt=RUN_OR_FILE"
    if "," in name and set(name.replace(" ", "").split(",")) <= set(there):
        hint = f"; for several, type painter=[{name}]"
    raise ConfigError(f"painter={name}: no painter of that name is in the box{hint}")


def card_of(name: str) -> str:
    """The model card in Markdown: training data, command, duration, scores and licence.

    Raises:
        ConfigError: there is no such painter, or its card cannot be read.
    """
    path = path_of(name).with_name(f"{name}.safetensors.md")
    with _whole(path):
        return path.read_text(encoding="utf-8")


@contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Name a file of the box that is damaged or missing, as an installation broken off leaves it."""
    try:
        yield
    except Exception as error:  # safetensors has an error of its own
        raise ConfigError(
            f"{path}: cannot be read ({first_line(error)}); type pip install --force-reinstall --no-deps stylegan-pl"
        ) from error


def short_names(sources: Sequence[str], *, parts: int = 1) -> list[str]:
    """Short, distinct names of typed generators: painters by name, others by the last `parts` of their paths."""
    paths = [source for source in sources if not source.startswith(PREFIX)]
    short = dict(zip(paths, distinct_names(paths, parts=parts), strict=True)) if paths else {}
    taken = set(short.values())
    for source in sources:
        name = source.removeprefix(PREFIX)
        short.setdefault(source, source if name in taken else name)
    return [short[source] for source in sources]


def distinct_names(paths: Sequence[str], *, parts: int = 1) -> list[str]:
    """The last `parts` of each path, or as many as make them distinct: `coco_vangogh/2026-11-23_20-15-02`."""
    split = [Path(path).absolute().parts[1:] for path in paths]
    for count in range(parts, max(map(len, split)) + 1):
        names = ["/".join(part[-count:]) for part in split]
        if len(set(names)) == len(set(split)):  # a path typed twice counts once
            return names
    return ["/".join(part) for part in split]


def facts_of(name: str) -> dict[str, Any]:
    """The facts of a painter for a list: name, a line about it, licence, size in bytes and files.

    Raises:
        ConfigError: there is no such painter, or its file cannot be read.
    """
    from safetensors import safe_open  # imported here, because `stylize model=` does not need it

    path = path_of(name)
    with _whole(path), safe_open(path, "np") as file:
        facts = dict(json.loads((file.metadata() or {}).get(METADATA_KEY, "{}")))
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
