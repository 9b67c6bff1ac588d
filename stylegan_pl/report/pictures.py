"""Chooses the pictures of a page and embeds them."""

import base64
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from PIL import Image, ImageOps
from torch import Tensor

from stylegan_pl.pictures.tensors import tensor_to_image
from stylegan_pl.report.contents import Entry, Photo, Picture, Report

T = TypeVar("T")

_EXTREMES = 4
_PIXELS = 8_000_000  # pixels of all pictures of a page together: about three megabytes
_CELLS = 72  # of the grid
_SIDES = (96, 512)  # pixels of a picture's longer side, never enlarged


def evenly(items: Sequence[T], count: int) -> list[T]:
    """`count` items spread evenly over all, because neighbours in a folder look alike."""
    count = min(count, len(items))
    return [items[i * len(items) // count] for i in range(count)]


def best_and_worst(pictures: Sequence[Picture]) -> tuple[list[Picture], list[Picture]]:
    """(closest to their photographs, farthest), at most four each, the extreme first; no picture is in both."""
    known = [picture for picture in pictures if picture.content_loss is not None and _finite(picture)]
    ordered = sorted(known, key=_loss)
    count = min(_EXTREMES, len(ordered) // 2)
    return ordered[:count], ordered[len(ordered) - count :][::-1]


def _loss(picture: Picture) -> float:
    assert picture.content_loss is not None
    return picture.content_loss


def _finite(picture: Picture) -> bool:
    return math.isfinite(_loss(picture))


@dataclass(frozen=True)
class Shown:
    """An embedded picture: a data URI and its size in pixels."""

    uri: str
    width: int
    height: int


@dataclass(frozen=True)
class Cell:
    """A picture of the page, with its photograph if that is known."""

    name: str
    stylised: Shown | None  # None: the entry has no result of this photograph
    photo: Shown | None
    loss: float | None


@dataclass(frozen=True)
class Extremes:
    """The best and worst pictures of one entry."""

    best: list[Cell]
    worst: list[Cell]


@dataclass(frozen=True)
class Gallery:
    """All pictures of a page.

    Attributes:
        rows: one per photograph, with a cell for each entry.
        extremes: one per entry, in order.
    """

    rows: list[list[Cell]]
    extremes: list[Extremes]
    paintings: list[Shown]


def gallery(report: Report) -> Gallery:
    """Choose pictures, shrink them so that the page stays small, and embed them."""
    photos = {photo.name: photo for photo in report.photographs}
    count = len(report.entries)
    rows = evenly(report.photographs, max(3, min(12, _CELLS // (count + 1))))
    extremes = [best_and_worst(entry.pictures) for entry in report.entries]
    embedded = len(rows) * (count + 1) + 2 * sum(len(b) + len(w) for b, w in extremes) + len(report.paintings)
    shown = _embedder(max(_SIDES[0], min(_SIDES[1], math.isqrt(_PIXELS // max(embedded, 1)))))

    def cell(picture: Picture) -> Cell:
        photo = photos.get(picture.name)
        return Cell(picture.name, shown(picture.stylised), photo and shown(photo.image), picture.content_loss)

    def row(photo: Photo) -> list[Cell]:
        return [_of(entry, photo, cell) or Cell(photo.name, None, shown(photo.image), None) for entry in report.entries]

    return Gallery(
        rows=[row(photo) for photo in rows],
        extremes=[Extremes([cell(p) for p in best], [cell(p) for p in worst]) for best, worst in extremes],
        paintings=[shown(painting) for painting in report.paintings],
    )


def _of(entry: Entry, photo: Photo, cell: Callable[[Picture], Cell]) -> Cell | None:
    return next((cell(picture) for picture in entry.pictures if picture.name == photo.name), None)


def _embedder(side: int) -> Callable[[Tensor], Shown]:
    """A function from uint8 (3, H, W) to a WebP whose longer side is at most `side`; each tensor is encoded once."""
    known: dict[int, Shown] = {}

    def shown(image: Tensor) -> Shown:
        if id(image) not in known:  # the report keeps all tensors alive, so ids are unique
            known[id(image)] = _embed(tensor_to_image(image), side)
        return known[id(image)]

    return shown


def _embed(picture: Image.Image, side: int) -> Shown:
    if max(picture.size) > side:
        picture = ImageOps.contain(picture, (side, side), Image.Resampling.LANCZOS)
    data = io.BytesIO()
    picture.save(data, "WEBP", quality=88, method=4)
    return Shown(f"data:image/webp;base64,{base64.b64encode(data.getvalue()).decode()}", *picture.size)
