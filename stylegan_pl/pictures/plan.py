"""Plans which pictures are painted, and where each result is written."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.inputs import named_pictures
from stylegan_pl.pictures.read import read_image, upright_size
from stylegan_pl.pictures.skipped import describe_skipped
from stylegan_pl.pictures.write import EXTENSIONS

_WRITTEN = " ".join(sorted(EXTENSIONS))


class Job(NamedTuple):
    """A picture, and the path of its painting."""

    picture: Path
    result: Path
    name: Path  # the picture's path below the typed folder


@dataclass
class Plan:
    """What a command will do."""

    jobs: list[Job]
    there: list[Job] = field(default_factory=list)  # results that exist already, to be checked
    skipped: list[Path] = field(default_factory=list)  # files in a folder that are not pictures
    is_one: bool = False  # the input is a single picture

    @property
    def skipped_line(self) -> str:
        """One line about the skipped files, if there are any."""
        return describe_skipped(self.skipped, len(self.skipped) + len(self.jobs) + len(self.there), first_frame=None)

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
    """Plan every picture and its result, for a file, folder, glob pattern, or list of these; subfolders are kept.

    Args:
        source: for several, results keep their paths below the common folder.
        image_format: extension of the results, such as png; None: the picture's own.
        overwrite: replace existing results; an input is never replaced.
        resume: keep existing results.

    Raises:
        ConfigError: there is nothing to do, or a result would replace an input, another result, or an existing file.
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


def not_whole(planned: Plan) -> dict[Job, str]:
    """The results that existed before and are not complete pictures of the right size, each with a line."""
    return {job: line for job in planned.there if (line := _not_whole(job)) is not None}


def _not_whole(job: Job) -> str | None:
    with suppress(DataError):
        if read_image(job.result).size == upright_size(job.picture):
            return None
    return (
        f"{job.result}: exists, but is not a complete picture with the size of {job.picture}; delete it, or type "
        "overwrite=true in place of resume=true"
    )


def check_one(planned: Plan, refused: Mapping[Job, str]) -> None:
    """Raise if the only picture failed; with several, failures are only reported.

    Raises:
        ConfigError: the reason.
    """
    if planned.is_one and refused:
        raise ConfigError(next(iter(refused.values())))


def summary(planned: Plan, refused: Mapping[Job, str]) -> str:
    """How many pictures were painted: `1 of 4 pictures painted, 3 were already there`."""
    painted = sum(job not in refused for job in planned.jobs)
    kept = sum(job not in refused for job in planned.there)
    there = f", {kept} were already there" if planned.there else ""
    return f"{painted} of {len(planned.jobs) + len(planned.there)} pictures painted{there}"


def facts_of(planned: Plan, refused: Mapping[Job, str]) -> dict[str, Any]:
    """The result for every picture, for programs: `{"pictures": [{"input", "output", "state", "error"}]}`.

    `state` is painted, there (existed, with `resume=true`) or skipped; `error` is the reason for skipping, or null.
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
