"""Which pictures a user means, and where each result goes."""

import glob
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from stylegan_pl.errors import ConfigError
from stylegan_pl.pictures.passed_over import passed_over
from stylegan_pl.pictures.read import READABLE
from stylegan_pl.pictures.tree import files_below
from stylegan_pl.pictures.write import EXTENSIONS

_log = logging.getLogger(__name__)

INPUTS = READABLE | {".gif"}
"""What may come in. What is not written as it came (GIF, HEIC, AVIF) comes out as PNG."""
_KNOWN = " ".join(sorted(INPUTS))
_WRITTEN = " ".join(sorted(EXTENSIONS))


class Job(NamedTuple):
    """One picture, and where its painting goes."""

    picture: Path
    result: Path
    name: Path  # of the picture, below the folder that was given


@dataclass
class Plan:
    """What a call is going to do."""

    jobs: list[Job]
    there: list[Job] = field(default_factory=list)  # results that lie there already, to be looked at
    passed_over: list[Path] = field(default_factory=list)  # files in a folder that are no pictures
    is_one: bool = False  # a picture was named by itself

    @property
    def told_passed_over(self) -> str:
        """Of these files, if there are any, in a line."""
        return passed_over(self.passed_over, len(self.passed_over) + len(self.jobs) + len(self.there), first_frame=None)


def plan(
    source: Path | str | Sequence[Path | str],
    output: Path,
    *,
    image_format: str | None,
    overwrite: bool,
    resume: bool = False,
) -> Plan:
    """Every picture and its result, for a file, a folder, a glob pattern or a list of these; trees are kept.

    Args:
        source: of several, names are kept below the folder that they have in common.
        image_format: extension of the results, such as png; None keeps each picture's own.
        overwrite: replace results that are there; an input is never replaced.
        resume: leave results that are there.

    Raises:
        ConfigError: nothing to do, or a result would fall on an input, on another or on a file that is there.
    """
    if overwrite and resume:
        raise ConfigError("overwrite=true replaces results that are there, resume=true keeps them; type one of the two")
    found, others = _found(source, output, overwrite)
    jobs = [
        Job(picture, _result(picture, name, output, image_format), name or Path(picture.name))
        for picture, name in found
    ]
    check_folder_of(output / "_" if output.suffix.lower() not in EXTENSIONS else output)  # every picture would fail
    _check_inputs(jobs, output)
    _check_distinct(jobs)
    there = [] if overwrite else [job for job in jobs if os.path.lexists(job.result)]
    if there and not resume:
        raise ConfigError(
            f"output={output}: {there[0].result} is there already; type overwrite=true or another output=, or "
            "resume=true to keep it and paint the rest"
        )
    kept = set(there)
    return Plan([job for job in jobs if job not in kept], there, others, is_one=[name for _, name in found] == [None])


def pictures(source: Path | str | Sequence[Path | str]) -> list[Path]:
    """The pictures that a file, a folder, a glob pattern or a list of these names, each once; what is left out is told.

    Raises:
        ConfigError: there are none.
    """
    found, others = _found(source, None, overwrite=False)
    if others:
        _log.info("%s: %s", source, passed_over(others, len(found) + len(others), first_frame=None))
    return [picture for picture, _ in found]


Named = tuple[Path, Path | None]
"""A picture and its name below the output folder; None: it was given alone, and `output` may be its result."""


def _found(
    source: Path | str | Sequence[Path | str], output: Path | None, overwrite: bool
) -> tuple[list[Named], list[Path]]:
    if isinstance(source, Path | str):
        if is_pattern(source):
            return _several([source], output, overwrite)
        path = Path(source)
        if not os.path.lexists(path):
            raise ConfigError(f"input={source}: {_not_there(source)}")
        return _in_folder(path, output, overwrite) if path.is_dir() else ([(_checked(path), None)], [])
    return _several(source, output, overwrite)


def _several(sources: Sequence[Path | str], output: Path | None, overwrite: bool) -> tuple[list[Named], list[Path]]:
    """A list of files, folders and patterns -> pictures by their names below what they have in common."""
    paths: list[Path] = []
    for source in sources:
        matches = _matches(str(source)) if is_pattern(source) else [str(source)]
        if not matches or not os.path.lexists(matches[0]):
            raise ConfigError(_nothing(source) if is_pattern(source) else f"input={source}: {_not_there(source)}")
        paths += [Path(match) for match in matches]
    pictures: list[Path] = []
    left_out: list[Path] = []
    for path in paths:
        if path.is_dir():
            named, others = _in_folder(path, output, overwrite)
            pictures += [picture for picture, _ in named]
            left_out += others
        elif path.suffix.lower() in INPUTS or len(paths) == 1:
            pictures.append(_checked(path))
        else:
            left_out.append(path)
    if not pictures:
        raise ConfigError(f"input={','.join(map(str, sources))}: no images among these ({_KNOWN})")
    _check_is_folder(output, f"input={','.join(map(str, sources))} may be several pictures")
    pictures = list(dict.fromkeys(pictures))
    absolute = [Path.cwd() / picture for picture in pictures]  # links are names, too: not resolved
    base = os.path.commonpath([picture.parent for picture in absolute])
    names = [Path(os.path.relpath(path, base)) for path in absolute]
    return list(zip(pictures, names, strict=True)), left_out


def _in_folder(source: Path, output: Path | None, overwrite: bool) -> tuple[list[Named], list[Path]]:
    _check_is_folder(output, f"input={source} is a folder")
    everything = files_below(source)
    if output is not None and _is_below(output, source):  # earlier results are no photographs
        if overwrite:
            raise ConfigError(
                f"output={output} is inside input={source}, where overwrite=true could replace photographs; choose an "
                "output= outside of it"
            )
        everything = [path for path in everything if not _is_below(path, output)]
    pictures = [path for path in everything if path.suffix.lower() in INPUTS]
    if not pictures:
        told = f"; {passed_over(everything, len(everything), first_frame=None)}" if everything else ""
        raise ConfigError(f"input={source}: no images in this folder ({_KNOWN}){told}")
    return [(path, path.relative_to(source)) for path in pictures], [p for p in everything if p not in set(pictures)]


def _result(picture: Path, name: Path | None, output: Path, image_format: str | None) -> Path:
    if name is not None:
        return _renamed(output / name, image_format)
    if output.suffix.lower() in EXTENSIONS and not output.is_dir():
        return _renamed(output, image_format)
    if output.suffix and not output.is_dir():
        raise ConfigError(f"output={output}: unknown image format '{output.suffix}'; use one of {_WRITTEN}")
    return _renamed(output / picture.name, image_format)


def _renamed(result: Path, image_format: str | None) -> Path:
    if image_format is None:
        return result if result.suffix.lower() in EXTENSIONS else result.with_name(f"{result.name}.png")
    suffix = f".{image_format.lstrip('.').lower()}"
    if suffix not in EXTENSIONS:
        raise ConfigError(
            f"image_format={image_format}: unknown; use one of {' '.join(e[1:] for e in sorted(EXTENSIONS))}"
        )
    return result.with_suffix(suffix)


def _checked(path: Path) -> Path:
    if path.suffix.lower() not in INPUTS:
        raise ConfigError(f"input={path}: not an image file; it must end in one of {_KNOWN}")
    return path


def _check_is_folder(output: Path | None, what: str) -> None:
    if output is not None and output.suffix.lower() in EXTENSIONS and not output.is_dir():
        raise ConfigError(f"{what}, so output={output} must be one, too; type output={output.with_suffix('')}")


def _not_there(source: Path | str) -> str:
    address = re.match(r"https?:/", str(source))
    return "an address is not fetched; download it first: curl -O …" if address else "no such file or folder"


def check_folder_of(output: Path) -> None:
    """Raise where a file stands in the place of a folder above it.

    Raises:
        ConfigError: which.
    """
    above = next((folder for folder in output.parents if os.path.lexists(folder)), Path())
    if not above.is_dir():
        raise ConfigError(f"output={output}: {above} is a file, no folder; choose another output=")


def _check_inputs(jobs: list[Job], output: Path) -> None:
    inputs = {os.path.realpath(job.picture) for job in jobs}
    for job in jobs:
        if os.path.realpath(job.result) in inputs:
            raise ConfigError(
                f"output={output}: {job.result} is an input, and inputs are never overwritten; choose another output="
            )


def _check_distinct(jobs: list[Job]) -> None:
    taken: dict[Path, Path] = {}
    for picture, result, _ in jobs:
        if result in taken:
            raise ConfigError(
                f"{taken[result]} and {picture} would both become {result}; rename one, or drop image_format="
            )
        taken[result] = picture


def is_pattern(source: Path | str) -> bool:
    """Has * ? or [, and is not the name of a file that has them, too."""
    return glob.has_magic(str(source)) and not os.path.lexists(source)


def _matches(pattern: str) -> list[str]:
    """What a pattern names; a folder that is there means itself, whatever signs its name has: `trip [2023]/*.jpg`."""
    ends = [at for at, sign in enumerate(pattern) if sign == os.sep and os.path.lexists(pattern[:at])]
    folder, inside = (pattern[: ends[-1]], pattern[ends[-1] :]) if ends else ("", pattern)
    return sorted(glob.glob(glob.escape(folder) + inside, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute patterns)


def _nothing(pattern: Path | str) -> str:
    return f"input={pattern}: no file or folder matches; ** reaches into folders, as in 'photos/**/*.jpg'"


def _is_below(path: Path, folder: Path) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real != root and real.startswith(root.rstrip(os.sep) + os.sep)


def check_one(planned: Plan, refused: Mapping[Job, str]) -> None:
    """Raise where the one picture that was named came to nothing; of several it is told, and the others are painted.

    Raises:
        ConfigError: why.
    """
    if planned.is_one and refused:
        raise ConfigError(next(iter(refused.values())))


def facts_of(planned: Plan, refused: Mapping[Job, str]) -> dict[str, Any]:
    """What became of every picture, for programs: `{"pictures": [{"input", "output", "state", "error"}]}`.

    `state` is painted, there (`resume=true` found it) or skipped; `error` says why one was skipped, else it is null.
    """
    pictures = [
        {
            "input": str(job.picture),
            "output": str(job.result),
            "state": "skipped" if job in refused else state,
            "error": refused.get(job),
        }
        for state, jobs in (("painted", planned.jobs), ("there", planned.there))
        for job in jobs
    ]
    return {"pictures": pictures}
