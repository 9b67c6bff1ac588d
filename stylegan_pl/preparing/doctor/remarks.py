"""Problems of the pictures in two sets, each with advice."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stylegan_pl.pictures.crop_size import CropSize, in_words
from stylegan_pl.pictures.skipped import is_unread_picture
from stylegan_pl.pictures.tree import files_below
from stylegan_pl.preparing.doctor.near_duplicates import near_duplicates
from stylegan_pl.preparing.doctor.perceptual_hash import is_flat
from stylegan_pl.preparing.doctor.survey import Picture, Place


class Kind(NamedTuple):
    """A kind of remark."""

    name: str  # in check.csv
    what: str  # printed after their number
    advice: str
    grave: bool = False  # scores would be wrong; the exit code is 1


UNREADABLE = Kind("unreadable", "cannot be read", "a run skips them: restore or remove them")
TOO_SMALL = Kind(
    "too_small",
    "smaller than the crop",
    "a run skips them: type data.SET.upscale=true, a smaller image_size, or remove them",
)
MISNAMED = Kind("misnamed", "whose extension names another format", "a run reads them; rename them for other programs")
LEAK = Kind(
    "leak",
    "both in train and in val",
    "scores would be too good: remove one of the two, or keep both in train or both in val",
    True,
)
BOTH_SETS = Kind(
    "both_sets",
    "both among the paintings and among the photographs",
    "remove each from the set where it does not belong",
)
SAME_BYTES = Kind(
    "same_bytes", "copies, byte for byte", "a run uses them more often than others: remove them unless you want that"
)
NEAR_DUPLICATE = Kind(
    "near_duplicate",
    "nearly identical to another one",
    "a run uses them more often than others: look at them, and remove them unless you want that",
)
ONE_COLOUR = Kind("one_colour", "of one colour", "nothing can be learned from them; they were not searched for copies")
NO_PARTNER = Kind(
    "no_partner", "without a partner of the same name", "a run leaves them out: give both files of a pair the same name"
)
NOT_LOOKED_AT = Kind(
    "not_looked_at",
    "in a format that is not read",
    "convert them to JPEG or PNG, or for GIFs type data.SET.first_frame=true",
)

KINDS = (
    LEAK, UNREADABLE, TOO_SMALL, BOTH_SETS, SAME_BYTES, NEAR_DUPLICATE, ONE_COLOUR, MISNAMED, NO_PARTNER, NOT_LOOKED_AT,
)  # fmt: skip
"""The most serious first."""


class Remark(NamedTuple):
    """One remark about one file."""

    kind: Kind
    place: Place
    text: str


def remarks_on(pictures: Sequence[Picture], *, image_size: CropSize, paired: bool) -> list[Remark]:
    """All remarks, the most serious kind first, then by file.

    Args:
        image_size: pixels of the crop.
        paired: whether a photograph and its painting show one scene, and so may be alike.
    """
    found = [*_of_one(pictures, image_size), *_of_copies(pictures, paired=paired)]
    return sorted(found, key=lambda remark: (KINDS.index(remark.kind), remark.place))


def _place(picture: Picture) -> Place:
    return Place(picture.side, picture.split, picture.facts.path)


def _of_one(pictures: Sequence[Picture], image_size: CropSize) -> Iterator[Remark]:
    for picture in pictures:
        facts, place = picture.facts, _place(picture)
        if facts.problem is not None:
            yield Remark(UNREADABLE, place, facts.problem)
            continue
        if picture.too_small:
            yield Remark(
                TOO_SMALL, place, f"{facts.size[0]}×{facts.size[1]} pixels, the crop has {in_words(image_size)}"
            )
        if facts.misnamed:
            yield Remark(MISNAMED, place, f"is {facts.format}")
        if facts.thumbnail is not None and is_flat(facts.thumbnail[None])[0]:
            yield Remark(ONE_COLOUR, place, "nearly one colour")


def _of_copies(pictures: Sequence[Picture], *, paired: bool) -> Iterator[Remark]:
    for group in copies(pictures):
        for side in ("content", "style"):
            members = [picture for picture in group if picture.side == side]
            trained, held_out = ([p for p in members if p.split == split] for split in ("train", "val"))
            if trained:
                yield from (_remark(LEAK, picture, trained) for picture in held_out)
            for same_split in (trained, held_out):
                for number, picture in enumerate(same_split[1:], 1):
                    yield _among(picture, same_split[:number])
        photographs = [picture for picture in group if picture.side == "content"]
        if photographs and not paired:
            yield from (_remark(BOTH_SETS, picture, photographs) for picture in group if picture.side == "style")


def _among(picture: Picture, earlier: Sequence[Picture]) -> Remark:
    same = any(picture.facts.digest == other.facts.digest for other in earlier)
    return _remark(SAME_BYTES if same else NEAR_DUPLICATE, picture, earlier)


def _remark(kind: Kind, picture: Picture, others: Sequence[Picture]) -> Remark:
    nearest = min(others, key=lambda other: _difference(picture, other))
    same = picture.facts.digest == nearest.facts.digest
    return Remark(
        kind, _place(picture), f"{'the same bytes as' if same else 'nearly identical to'} {nearest.facts.path}"
    )


def _difference(a: Picture, b: Picture) -> float:
    assert a.facts.thumbnail is not None and b.facts.thumbnail is not None  # only readable pictures are compared
    if a.facts.digest == b.facts.digest:
        return -1.0
    return float(np.abs(a.facts.thumbnail.astype(np.int16) - b.facts.thumbnail).mean())


def copies(pictures: Sequence[Picture]) -> list[list[Picture]]:
    """Groups of copies: the same bytes or nearly identical, directly or through another copy."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    read = [picture for picture in pictures if picture.facts.thumbnail is not None]
    if len(read) < 2:
        return []
    first: dict[str, int] = {}
    same = [(first.setdefault(picture.facts.digest, index), index) for index, picture in enumerate(read)]
    distinct = np.array(sorted(first.values()))
    near = distinct[near_duplicates(np.stack([read[index].facts.thumbnail for index in distinct]))]
    pairs = np.concatenate([np.array(same), near])
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(read), len(read)))
    _, labels = connected_components(links, directed=False)
    groups: dict[int, list[Picture]] = defaultdict(list)
    for label, picture in zip(labels.tolist(), read, strict=True):
        groups[label].append(picture)
    return [group for group in groups.values() if len(group) > 1]


def not_looked_at(side: str, root: Path, *, gifs: bool = False) -> list[Remark]:
    """Picture files in a folder whose extension no run reads; `gifs`: GIFs are read."""
    files = [path for path in files_below(root) if is_unread_picture(path, gifs=gifs)]
    return [Remark(NOT_LOOKED_AT, Place(side, "", path), f"{path.suffix} is not read") for path in files]


def lonely(places: Sequence[Place]) -> list[Remark]:
    """Files without a partner of the same name."""
    return [Remark(NO_PARTNER, place, "no partner of this name") for place in places]
