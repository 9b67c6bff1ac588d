"""One call of `prepare check=true`: checks two image sets and changes nothing in them."""

import logging
import os
import time
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from stylegan_pl.data.check import make_ready
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.shards import Shards
from stylegan_pl.data.splits import SPLITS
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.crop_size import as_typed, sides
from stylegan_pl.pictures.progress import Progress
from stylegan_pl.pictures.write import write_image
from stylegan_pl.preparing.doctor import remarks as doctor
from stylegan_pl.preparing.doctor import report
from stylegan_pl.preparing.doctor.colours import ColourCount
from stylegan_pl.preparing.doctor.picture import draw
from stylegan_pl.preparing.doctor.survey import (
    SIDES,
    Picture,
    Place,
    is_too_small,
    look_at_all,
    places,
    without_partner,
)
from stylegan_pl.preparing.suggest import last_words
from stylegan_pl.runs.output_lock import alone_writing

_log = logging.getLogger(__name__)


def examine(config: DictConfig, *, turned: bool = False) -> int:
    """Check the sets of `config.data` and report; the exit code is 1 if scores would be wrong or a run would fail.

    Args:
        turned: `direction=BtoA` was typed, and content and style of `config` have changed places.

    Raises:
        ConfigError: a set is missing or is shards, the report cannot be written, or another command writes one there.
    """
    output = Path(config.output)
    with alone_writing(output, is_folder=True):
        _check_is_free(output)
        return _examine(config, output, turned)


def _examine(config: DictConfig, output: Path, turned: bool) -> int:
    started = time.monotonic()
    folders = {side: instantiate(config.data[side], _convert_="all") for side in SIDES}
    names = {side: f"data.{typed}" for side, typed in zip(SIDES, reversed(SIDES) if turned else SIDES, strict=True)}
    for side, folder in folders.items():
        if isinstance(folder, Shards):
            raise ConfigError(
                f"check=true looks at files, and {names[side]} is shards; check the folder that they were written from"
            )
        if output.resolve() == Path(folder.root).resolve():  # check.png would be one of its pictures
            raise ConfigError(
                f"output={output} is {names[side]}.root, where nothing is written; type another output=FOLDER"
            )
    pairing = instantiate(config.data.pairing, _convert_="all")
    refusals = _refusals(folders, names, config)
    for line in pairing.report(folders["content"], folders["style"]):
        _log.info("%s", line)
    used = places(folders["content"], folders["style"], pairing)
    pictures, colours = _survey(used, folders, config)
    _log.info("%s", report.table(found := report.summary(pictures)))
    _log.info("comparing %s pictures with one another", f"{len(pictures):,}")
    remarks = doctor.remarks_on(pictures, image_size=config.image_size, paired=pairing.same_place)
    remarks += doctor.lonely(without_partner(folders["content"], folders["style"], pairing))
    for side, folder in folders.items():
        remarks += [] if folder.include else doctor.not_looked_at(side, Path(folder.root), gifs=folder.first_frame)
    refusals += _too_many_bad(pictures, names, config.data.bad_fraction, refusals)
    refusals += _one_set_twice(remarks, pictures, config.data.bad_fraction)
    crop = as_typed(*sides(config.image_size))
    facts = {
        "image_size": config.image_size if crop.isdecimal() else list(config.image_size),
        "roots": {side: str(folder.root) for side, folder in folders.items()},
    }
    sheet = draw(pictures, colours, title=_title(folders), image_size=min(sides(config.image_size)))
    _write(output, {**facts, "sets": found}, remarks, refusals)
    write_image(sheet, output / "check.png")
    usable = f"{len(pictures):,} images can be used at image_size={crop}"
    _log.info("%s", report.verdict(remarks, refusals, usable=usable))
    _log.info("%s", _where(output, time.monotonic() - started))
    paired, refused = pairing.same_place, bool(refusals)
    for line in last_words(config, folders, pictures, paired=paired, turned=turned, refused=refused):
        _log.info("%s", line)
    return 1 if report.is_grave(remarks, refusals) else 0


def _check_is_free(output: Path) -> None:
    """Raise before the work if a report exists."""
    if output.exists() and not output.is_dir():
        raise ConfigError(f"output={output} is a file; type output=FOLDER")
    if any((output / name).exists() for name in ("check.json", "check.csv", "check.png")):
        raise ConfigError(f"output={output} holds a report already; type another output=FOLDER")


def _refusals(folders: dict[str, ImageFolder], names: dict[str, str], config: DictConfig) -> list[str]:
    """The errors with which a run would refuse the sets; a missing set is raised as an error.

    Args:
        names: the key of each set on the command line.
    """
    lines = []
    for side, folder in folders.items():
        try:
            make_ready(
                folder, name=names[side], size=config.image_size, limit=config.data.bad_fraction,
                download=config.data.download,
            )  # fmt: skip
        except DataError as error:
            if not folder.files("train"):
                raise
            lines.append(str(error))
    return lines


def _survey(
    used: Sequence[Place], folders: dict[str, ImageFolder], config: DictConfig
) -> tuple[list[Picture], dict[str, ColourCount]]:
    """The facts of every file, and the colours of each set."""
    pictures, colours = [], {side: ColourCount.empty() for side in SIDES}
    looked = chain.from_iterable(
        look_at_all(
            [place.path for place in used if place.side == side],
            workers=config.data.workers, one_frame=not folders[side].first_frame,
        )
        for side in SIDES  # the order of `used`
    )  # fmt: skip
    with Progress("looking", len(used)) as bar:
        for place, facts in zip(used, looked, strict=True):
            if facts.colours is not None:
                colours[place.side].add(facts.colours)
            facts = facts._replace(colours=None, size=folders[place.side].part(*facts.size))
            too_small = is_too_small(facts, folders[place.side], config.image_size)
            pictures.append(Picture(place.side, place.split, facts, too_small))
            bar.advance(1)
    return pictures, colours


def _too_many_bad(pictures: Sequence[Picture], names: dict[str, str], limit: float, lines: Sequence[str]) -> list[str]:
    """Sets with too many bad files, which would end a run after its start."""
    found = []
    for side in SIDES:
        for split in SPLITS:
            files = [p for p in pictures if (p.side, p.split) == (side, split)]
            bad = sum(p.facts.problem is not None or p.too_small for p in files)
            if bad > limit * len(files) and not any(line.startswith(f"{names[side]}.") for line in lines):
                purpose = "train on" if split == "train" else "validate with"
                found.append(
                    f"{names[side]}: {bad} of {len(files)} images to {purpose} cannot be used, more than "
                    f"data.bad_fraction={limit:g}; repair or remove them"
                )
    return found


def _one_set_twice(remarks: Sequence[doctor.Remark], pictures: Sequence[Picture], limit: float) -> list[str]:
    """The same pictures as photographs and as paintings: a run accepts them, learns nothing, and every score is 0."""
    shared = len({remark.place for remark in remarks if remark.kind is doctor.BOTH_SETS})
    styles = sum(picture.side == "style" for picture in pictures)
    if styles > 1 and shared > max(1, limit * styles):
        return [
            f"{shared} of {styles} paintings are among the photographs, more than data.bad_fraction={limit:g}; "
            "look at data.content.root and data.style.root"
        ]
    return []


def _title(folders: dict[str, ImageFolder]) -> str:
    return " and ".join(_short(Path(folder.root)) for folder in folders.values())


def _write(output: Path, facts: dict[str, Any], remarks: Sequence[doctor.Remark], refusals: Sequence[str]) -> None:
    try:
        output.mkdir(parents=True, exist_ok=True)
        report.write_json(output / "check.json", facts, remarks, refusals)
        report.write_csv(output / "check.csv", remarks)
    except OSError as error:
        raise ConfigError(f"output={output} cannot be written ({error.strerror or error}); type another") from error


def _where(output: Path, seconds: float) -> str:
    folder = _short(output)
    return (
        f"done in {seconds:.0f} s: {folder}\n  check.json  the table and the counts\n"
        f"  check.csv   every file with a remark\n  check.png   sizes and colours"
    )


def _short(path: Path) -> str:
    full = path.resolve()
    return report.printable(os.path.relpath(full) if full.is_relative_to(Path.cwd()) else str(path))
