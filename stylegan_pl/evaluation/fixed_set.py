"""The fixed photographs that every system paints, and the paintings that the results are compared with."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Pairing
from stylegan_pl.data.pairs import draws
from stylegan_pl.data.splits import SPLITS
from stylegan_pl.errors import DataError, UnfitData
from stylegan_pl.pictures.crop_size import CropSize

_log = logging.getLogger(__name__)


class Photograph(NamedTuple):
    """One content, and the style for generators that take a style."""

    name: str  # path below the set's folder
    path: Path
    content: Tensor  # uint8 (3, H, W), the crop in the middle
    style: Tensor | None  # uint8 (3, H, W)


@dataclass(frozen=True)
class FixedSet:
    """The pictures of an evaluation, the same for every system.

    Attributes:
        paintings: uint8 (M, 3, H, W), fixed crops of the training paintings, the same as in validation.
        sources: (M,), the index of the painting that each crop is cut from.
        available: number of photographs in the set, of which `photographs` may be the first few.
        skipped: file that cannot be used -> reason.
    """

    photographs: list[Photograph]
    paintings: Tensor
    sources: Tensor
    size: CropSize
    available: int
    skipped: list[str]

    def batches(self, batch_size: int) -> Iterator[list[Photograph]]:
        """The photographs in batches, in order."""
        for start in range(0, len(self.photographs), batch_size):
            yield self.photographs[start : start + batch_size]


def read_fixed_set(
    content: ImageFolder, style: ImageFolder, pairing: Pairing, *, split: str, size: CropSize, seed: int, pairs: int,
    style_crops: int | None,
) -> FixedSet:  # fmt: skip
    """Read all photographs and paintings of the evaluation.

    Args:
        split: of the photographs; `val`, `train` or `all`.
        size: pixels of the crop, or its height and width.
        pairs: largest number of photographs.
        style_crops: number of crops of training paintings; None: as many as photographs, at least 128.

    Raises:
        DataError: there are no photographs or no paintings; the message says what to type.
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
        drawn = draws(seed, "pair", -1, index)  # the same pairs as in the training's validation
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
    return contents, styles or style.files("train")  # if no paintings are held out


def _name(path: Path, folder: ImageFolder) -> str:
    root = Path(folder.root)
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name


def _crops(
    style: ImageFolder, files: list[Path], *, size: CropSize, seed: int, count: int, skipped: list[str]
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The crops of `StyleTransferData.style_crop`, so that scores equal the training's; and each one's painting."""
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
