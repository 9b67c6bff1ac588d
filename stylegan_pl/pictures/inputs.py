"""Finds the pictures that a user names by a file, a folder, a pattern, or a list of these."""

import glob
import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

from stylegan_pl.errors import ConfigError, DataError, not_there
from stylegan_pl.pictures.read import READABLE, header
from stylegan_pl.pictures.skipped import describe_skipped
from stylegan_pl.pictures.tree import files_below
from stylegan_pl.pictures.write import EXTENSIONS

_log = logging.getLogger(__name__)

INPUTS = READABLE | {".gif"}
"""What may come in. What is not written as it came (GIF, HEIC, AVIF) comes out as PNG."""
_KNOWN = " ".join(sorted(INPUTS))

Named = tuple[Path, Path | None]
"""A picture and its name below the output folder; None: it was given alone, and `output` may be its result."""


def pictures(source: Path | str | Sequence[Path | str]) -> list[Path]:
    """The pictures of a file, folder, glob pattern, or list of these, each once; skipped files are reported.

    Raises:
        ConfigError: there are no pictures.
    """
    named, others = named_pictures(source, None, overwrite=False)
    if others:
        _log.info("%s: %s", source, describe_skipped(others, len(named) + len(others), first_frame=None))
    return [picture for picture, _ in named]


def named_pictures(
    source: Path | str | Sequence[Path | str], output: Path | None, *, overwrite: bool
) -> tuple[list[Named], list[Path]]:
    """The same, with names for an output folder, and the files that are not pictures.

    Args:
        output: where results are written; earlier results below it are not inputs. None: nothing is written.
        overwrite: refuse an output folder inside the input, where it could replace photographs.

    Raises:
        ConfigError: there are no pictures, or several and `output` is a file.
        DataError: a folder cannot be listed.
    """
    if isinstance(source, Path | str):
        if is_pattern(source):
            return _several([source], output, overwrite)
        path = Path(source)
        if not os.path.lexists(path):
            raise ConfigError(f"input={source}: {not_there(str(source))}{_several_meant(str(source))}")
        return _in_folder(path, output, overwrite) if path.is_dir() else ([(_checked(path), None)], [])
    return _several(source, output, overwrite)


def _several(sources: Sequence[Path | str], output: Path | None, overwrite: bool) -> tuple[list[Named], list[Path]]:
    """A list of files, folders and patterns -> name below their common folder -> picture."""
    paths: list[Path] = []
    for source in sources:
        matches = _matches(str(source)) if is_pattern(source) else [str(source)]
        if not matches or not os.path.lexists(matches[0]):
            raise ConfigError(_nothing(source) if is_pattern(source) else f"input={source}: {not_there(str(source))}")
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
    # without .., so that names lie below the output; links are not resolved, so that their names are kept
    absolute = [Path(os.path.abspath(picture)) for picture in pictures]  # noqa: PTH100
    base = os.path.commonpath([picture.parent for picture in absolute])
    names = [Path(os.path.relpath(path, base)) for path in absolute]
    return list(zip(pictures, names, strict=True)), left_out


def _in_folder(source: Path, output: Path | None, overwrite: bool) -> tuple[list[Named], list[Path]]:
    _check_is_folder(output, f"input={source} is a folder")
    everything = files_below(source)
    if output is not None and _is_below(output, source):  # earlier results are not photographs
        if overwrite:
            raise ConfigError(
                f"output={output} is inside input={source}, where overwrite=true could replace photographs; choose an "
                "output= outside of it"
            )
        everything = [path for path in everything if not _is_below(path, output)]
    pictures = [path for path in everything if path.suffix.lower() in INPUTS]
    if not pictures:
        skipped = f"; {describe_skipped(everything, len(everything), first_frame=None)}" if everything else ""
        raise ConfigError(f"input={source}: no images in this folder ({_KNOWN}){skipped}")
    return [(path, path.relative_to(source)) for path in pictures], [p for p in everything if p not in set(pictures)]


def _checked(path: Path) -> Path:
    """A picture that is named alone: its content decides, whatever its name ends in.

    Raises:
        ConfigError: it is none.
    """
    if path.suffix.lower() not in INPUTS:
        try:
            header(path)
        except DataError as error:
            raise ConfigError(f"input={path}: not an image file; there is {_KNOWN}") from error
    return path


def _check_is_folder(output: Path | None, what: str) -> None:
    if output is not None and output.suffix.lower() in EXTENSIONS and not output.is_dir():
        raise ConfigError(f"{what}, so output={output} must be one, too; type output={output.with_suffix('')}")


def is_pattern(source: Path | str) -> bool:
    """Whether it contains * ? or [ and is not an existing file's name."""
    return glob.has_magic(str(source)) and not os.path.lexists(source)


def _matches(pattern: str) -> list[str]:
    """The paths that match a pattern; existing folders are taken literally: `trip [2023]/*.jpg`."""
    ends = [at for at, sign in enumerate(pattern) if sign == os.sep and os.path.lexists(pattern[:at])]
    folder, inside = (pattern[: ends[-1]], pattern[ends[-1] :]) if ends else ("", pattern)
    return sorted(glob.glob(glob.escape(folder) + inside, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute patterns)


def _nothing(pattern: Path | str) -> str:
    return f"input={pattern}: no file or folder matches; ** reaches into folders, as in 'photos/**/*.jpg'"


def _several_meant(typed: str) -> str:
    """What to type for several paths in one word, with commas or spaces between them and no brackets."""
    paths = re.sub(r"[,;\s]+", ",", typed.strip("()[]{} ")).split(",")
    are_there = len(paths) > 1 and all(path and os.path.lexists(path) for path in paths)
    return f"; for several, type 'input=[{','.join(paths)}]'" if are_there else ""


def _is_below(path: Path, folder: Path) -> bool:
    real, root = os.path.realpath(path), os.path.realpath(folder)
    return real != root and real.startswith(root.rstrip(os.sep) + os.sep)
