"""Where each picture's result goes."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from stylegan_pl.errors import ConfigError
from stylegan_pl.pictures.inputs import named_pictures
from stylegan_pl.pictures.passed_over import passed_over
from stylegan_pl.pictures.write import EXTENSIONS

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

    def place(self, output: Path) -> tuple[Path, bool]:
        """The result or the folder that a command writes, and whether it is a folder."""
        if self.is_one:
            return [*self.jobs, *self.there][0].result, False
        return output, True


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
    found, others = named_pictures(source, output, overwrite=overwrite)
    jobs = [
        Job(picture, _result(picture, name, output, image_format), name or Path(picture.name))
        for picture, name in found
    ]
    check_folder_of(output, is_folder=output.suffix.lower() not in EXTENSIONS)  # otherwise every picture would fail
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


def check_folder_of(output: Path, *, is_folder: bool = False) -> None:
    """Raise if a file is where a folder is needed: above `output`, or at `output` itself if `is_folder`.

    Raises:
        ConfigError: which file.
    """
    folders = [output, *output.parents] if is_folder else list(output.parents)
    above = next((folder for folder in folders if os.path.lexists(folder)), Path())
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
