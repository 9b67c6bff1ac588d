"""The photographs that every system paints, and the paintings that the results are compared with."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.data.folder import SPLITS, ImageFolder
from stylegan_pl.data.pairing import Pairing
from stylegan_pl.data.pairs import draws
from stylegan_pl.errors import DataError, UnfitData
from stylegan_pl.pictures.crop_size import CropSize

_log = logging.getLogger(__name__)


class Photograph(NamedTuple):
    """One content, and the style that it is painted in by systems that take any."""

    name: str  # path below the set's folder
    path: Path
    content: Tensor  # uint8 (3, H, W), the middle
    style: Tensor | None  # uint8 (3, H, W)


@dataclass(frozen=True)
class FixedSet:
    """The same for whoever is judged.

    Attributes:
        paintings: uint8 (M, 3, H, W), fixed crops of the training paintings, as validation has them.
        sources: (M,), the number of the painting that each is cut from.
        available: photographs there are, of which `photographs` may be the first.
        skipped: files that cannot be used, and why.
    """

    photographs: list[Photograph]
    paintings: Tensor
    sources: Tensor
    size: CropSize
    available: int
    skipped: list[str]

    def batches(self, batch_size: int) -> Iterator[list[Photograph]]:
        """In order."""
        for start in range(0, len(self.photographs), batch_size):
            yield self.photographs[start : start + batch_size]


def read_fixed_set(
    content: ImageFolder, style: ImageFolder, pairing: Pairing, *, split: str, size: CropSize, seed: int, pairs: int,
    style_crops: int | None,
) -> FixedSet:  # fmt: skip
    """Read everything that is judged by.

    Args:
        split: of the photographs: `val`, `train`, or `all`.
        size: pixels of the crop, or its height and width.
        pairs: photographs, at most.
        style_crops: of the training paintings; None: as many as photographs, at least 128.

    Raises:
        DataError: there is nothing to judge by, and the message says what to type.
    """
    contents, partners = _files(content, style, pairing, split)
    if not contents:
        raise UnfitData(
            f"data.content.root: no photograph of split={split} below {content.root}; type split=all, or "
            "data=folders data.content.root=PHOTOS"
        )
    _, paintings = _files(content, style, pairing, "train")
    if not paintings:
        raise UnfitData(f"data.style.root: no painting below {style.root}; type data.style.root=PAINTINGS")
    skipped: list[str] = []
    photographs: list[Photograph] = []
    for index, path in enumerate(contents):
        if len(photographs) == pairs:
            break
        drawn = draws(seed, "pair", -1, index)  # the training's own validation pairs
        beside = partners[pairing.style_index(index, len(partners), drawn)] if partners else None
        try:
            picture = content.crop(path, size, None)
            shown = None if beside is None else style.crop(beside, size, None)
        except DataError as error:
            skipped.append(str(error))
            continue
        photographs.append(Photograph(_name(path, content), path, picture, shown))
    if not photographs:
        raise UnfitData(f"none of {len(contents)} photographs can be used, such as {skipped[0]}")
    count = max(len(photographs), 128) if style_crops is None else style_crops
    crops, sources = _crops(style, paintings, size=size, seed=seed, count=count, skipped=skipped)
    return FixedSet(photographs, crops, sources, size, len(contents), skipped)


def _files(content: ImageFolder, style: ImageFolder, pairing: Pairing, split: str) -> tuple[list[Path], list[Path]]:
    splits = SPLITS if split == "all" else (split,)
    matched = [pairing.match(content, style, name) for name in splits]
    contents = [path for side, _ in matched for path in side]
    styles = [path for _, side in matched for path in side]
    if pairing.same_place or split == "all":
        return contents, styles
    return contents, styles or style.files("train")  # a set without held-out paintings


def _name(path: Path, folder: ImageFolder) -> str:
    root = Path(folder.root)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _crops(
    style: ImageFolder, files: list[Path], *, size: CropSize, seed: int, count: int, skipped: list[str]
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """`StyleTransferData.style_crop`'s, so that scores are those of the training's log; and each one's painting."""
    usable, crops, sources = list(files), [], []
    for index in range(count):
        while usable:
            path = usable[index % len(usable)]
            try:
                crops.append(style.crop(path, size, np.random.default_rng([seed, index])))
                sources.append(files.index(path))
                break
            except DataError as error:
                skipped.append(str(error))
                usable.remove(path)
    if not crops:
        raise UnfitData(f"none of {len(files)} paintings can be used, such as {skipped[-1]}")
    return torch.stack(crops), torch.tensor(sources)
