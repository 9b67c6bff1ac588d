"""Which pictures a user means, and where each result goes."""

from pathlib import Path

from stylegan_pl.data.folder import list_images
from stylegan_pl.errors import UserError
from stylegan_pl.images import EXTENSIONS


def plan(source: Path, output: Path, *, image_format: str | None, overwrite: bool) -> list[tuple[Path, Path]]:
    """(picture, result) for a file or a folder; a folder's tree is kept.

    Args:
        image_format: extension of the results, such as png; None keeps each picture's own.
        overwrite: replace results that are there; an input is never replaced.

    Raises:
        UserError: nothing to do, or a result would fall on an input or on a file that is there.
    """
    if not source.exists():
        raise UserError(f"input={source}: no such file or folder")
    jobs = _folder_jobs(source, output, image_format) if source.is_dir() else [_file_job(source, output, image_format)]
    inputs = {picture.resolve() for picture, _ in jobs}
    for _, result in jobs:
        if result.resolve() in inputs:
            raise UserError(
                f"output={output}: {result} is an input, and inputs are never overwritten; choose another output="
            )
        if result.exists() and not overwrite:
            raise UserError(f"output={output}: {result} is there already; type overwrite=true or another output=")
    _check_distinct(jobs)
    return jobs


def _folder_jobs(source: Path, output: Path, image_format: str | None) -> list[tuple[Path, Path]]:
    if output.suffix.lower() in EXTENSIONS:
        raise UserError(
            f"input={source} is a folder, so output={output} must be one, too; type output={output.with_suffix('')}"
        )
    pictures = list_images(source)
    if not pictures:
        raise UserError(f"input={source}: no images in this folder ({' '.join(sorted(EXTENSIONS))})")
    return [(picture, _renamed(output / picture.relative_to(source), image_format)) for picture in pictures]


def _file_job(source: Path, output: Path, image_format: str | None) -> tuple[Path, Path]:
    if source.suffix.lower() not in EXTENSIONS:
        raise UserError(f"input={source}: not an image file; it must end in one of {' '.join(sorted(EXTENSIONS))}")
    if output.suffix.lower() in EXTENSIONS:
        return source, _renamed(output, image_format)
    if output.suffix and not output.is_dir():
        raise UserError(
            f"output={output}: unknown image format '{output.suffix}'; use one of {' '.join(sorted(EXTENSIONS))}"
        )
    return source, _renamed(output / source.name, image_format)


def _renamed(result: Path, image_format: str | None) -> Path:
    suffix = result.suffix if image_format is None else f".{image_format.lstrip('.').lower()}"
    if suffix.lower() not in EXTENSIONS:
        raise UserError(
            f"image_format={image_format}: unknown; use one of {' '.join(e[1:] for e in sorted(EXTENSIONS))}"
        )
    return result.with_suffix(suffix)


def _check_distinct(jobs: list[tuple[Path, Path]]) -> None:
    taken: dict[Path, Path] = {}
    for picture, result in jobs:
        if result in taken:
            raise UserError(
                f"{taken[result]} and {picture} would both become {result}; rename one, or drop image_format="
            )
        taken[result] = picture
