"""Pairs of content and style as tensors: a pure function of (seed, epoch, index)."""

import zlib
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
from torch import Tensor
from torch.utils.data import Dataset

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.decoded_cache import DecodedFolder
from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Pairing
from stylegan_pl.data.problems import Problems
from stylegan_pl.data.reading.decode import Pixels
from stylegan_pl.data.unequal import are_unequal, crops_of_one_size
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.crop_size import CropSize


class PairKey(NamedTuple):
    """What a training pair depends on, besides the seed."""

    epoch: int
    index: int  # type: ignore[assignment]  # hides tuple.index, which nobody calls


def draws(seed: int, stream: str, epoch: int, index: int) -> np.random.Generator:
    """An independent random generator for each argument, for pairing and cropping; validation's epoch is −1."""
    return cast(np.random.Generator, _Stream([zlib.crc32(stream.encode()), seed, epoch + 1, index]))


class StylePairs(Dataset[StylePair]):
    """Pairs by key; the same key gives the same pair in every worker and rank, in any order.

    For training, the key is a `PairKey` and crops are random. For validation, the key is an index and gives a fixed
    pair, cropped in the middle. A file that cannot be used is reported, and the next file of its set is used instead.

    Args:
        split: `train` or `val`.
        size: pixels of the crop, or its height and width.
    """

    def __init__(
        self, content: ImageFolder, style: ImageFolder, pairing: Pairing, *, split: str, size: CropSize, seed: int,
        problems: Problems,
    ) -> None:  # fmt: skip
        self.content: ImageFolder | DecodedFolder = content
        self.style: ImageFolder | DecodedFolder = style
        self.pairing, self.problems = pairing, problems
        self.contents, self.styles = pairing.match(content, style, split)
        self.size, self.seed = size, seed
        self._equal = bytearray(len(self.contents))  # 1 for pairs that this process knows to be of equal size

    def __len__(self) -> int:
        """Number of pairs in an epoch."""
        return self.pairing.length(len(self.contents), len(self.styles)) if self.contents and self.styles else 0

    def __getitem__(self, key: PairKey | int) -> StylePair:
        """One pair, uint8 (3, H, W) each."""
        return self.pair(key)

    def pair(self, key: PairKey | int, into: tuple[Pixels | None, Pixels | None] = (None, None)) -> StylePair:
        """One pair, uint8 (3, H, W) each; `into`: memory for content and style, (H, W, 3) each; None: allocate it."""
        epoch, index = key if isinstance(key, PairKey) else (-1, key)
        style_index = self.pairing.style_index(index, len(self.styles), self._rng("pair", epoch, index))
        if self.pairing.same_place:
            return self._first_usable_pair(epoch, index, into)
        content_rng, style_rng = self._rng("content crop", epoch, index), self._rng("style crop", epoch, index)
        return StylePair(
            self._first_usable(self.content, self.contents, index, None if epoch < 0 else content_rng, into[0]),
            self._first_usable(self.style, self.styles, style_index, None if epoch < 0 else style_rng, into[1]),
        )

    def keep_decoded(self, place: Path) -> None:
        """Cache decoded pictures below `place`, for this and later runs; the pairs stay the same.

        Raises:
            UserError: there is too little room, or the folder cannot be written.
        """
        self.content = _decoded(self.content, self.contents, self.size, place)
        self.style = _decoded(self.style, self.styles, self.size, place)

    def style_crop(self, index: int, rng: np.random.Generator) -> Tensor:
        """A random crop of the `index`-th style, uint8 (3, H, W)."""
        return self._first_usable(self.style, self.styles, index, rng)

    def whole_style(self, index: int) -> tuple[Path, Pixels]:
        """The `index`-th style's file and its whole picture, uint8 (H, W, 3); if it cannot be used, the next one's."""
        folder = self.style.folder if isinstance(self.style, DecodedFolder) else self.style
        for step in range(len(self.styles)):
            path = self.styles[(index + step) % len(self.styles)]
            try:
                return path, folder.whole(path, self.size)
            except DataError as error:
                self.problems.report(path, str(error), self.styles)
        raise DataError(f"{folder.root}: none of {len(self.styles)} images can be used; see {self.problems.path}")

    def _first_usable_pair(self, epoch: int, index: int, into: tuple[Pixels | None, Pixels | None]) -> StylePair:
        """The first usable pair from `index` on, both pictures cropped at the same place."""
        for step in range(len(self.contents)):
            at = (index + step) % len(self.contents)
            unequal = self._unequal_pair(at, epoch, index)
            if unequal is not None:
                if unequal:
                    return StylePair(*unequal)
                continue
            sides = [
                self._crop(folder, files, at, None if epoch < 0 else self._rng("crop", epoch, index), memory)
                for folder, files, memory in zip(
                    (self.content, self.style), (self.contents, self.styles), into, strict=True
                )
            ]
            if sides[0] is not None and sides[1] is not None:
                return StylePair(sides[0], sides[1])
        raise DataError(f"none of {len(self.contents)} pairs can be used; see {self.problems.path}")

    def _unequal_pair(self, at: int, epoch: int, index: int) -> list[Tensor] | None:
        """Both crops if the two pictures differ in size; [] if the pair cannot be used; None if the sizes are equal."""
        if self._equal[at]:
            return None
        content, style = (_plain(self.content), self.contents[at]), (_plain(self.style), self.styles[at])
        try:
            if not are_unequal(content, style):
                self._equal[at] = 1
                return None
            rngs = [None if epoch < 0 else self._rng("crop", epoch, index) for _ in range(2)]
            return crops_of_one_size(content, style, self.size, (rngs[0], rngs[1]))
        except DataError as error:
            self.problems.report(self.contents[at], str(error), self.contents)
            return []

    def _first_usable(
        self, folder: ImageFolder | DecodedFolder, files: list[Path], index: int, rng: np.random.Generator | None,
        into: Pixels | None = None,
    ) -> Tensor:  # fmt: skip
        for step in range(len(files)):
            image = self._crop(folder, files, (index + step) % len(files), rng, into)
            if image is not None:
                return image
        raise DataError(f"{folder.root}: none of {len(files)} images can be used; see {self.problems.path}")

    def _crop(
        self, folder: ImageFolder | DecodedFolder, files: list[Path], at: int, rng: np.random.Generator | None,
        into: Pixels | None,
    ) -> Tensor | None:  # fmt: skip
        """A crop, uint8 (3, H, W); None if the file cannot be used, which is reported."""
        try:
            return folder.crop(files[at], self.size, rng, into=into)
        except DataError as error:
            self.problems.report(files[at], str(error), files)
            return None

    def _rng(self, stream: str, epoch: int, index: int) -> np.random.Generator:
        return draws(self.seed, stream, epoch, index)


class _Stream:
    """`numpy.random.default_rng(words)`, seeded on first use: a picture of exactly the crop's size needs no numbers."""

    def __init__(self, words: list[int]) -> None:
        self._words = words

    def __getattr__(self, name: str) -> Any:
        return getattr(self._generator, name)

    @cached_property
    def _generator(self) -> np.random.Generator:
        words: Any = self._words
        if all(word < 2**32 for word in words):
            words = np.array(words, np.uint32)  # the same seed as from a list, in half the time
        return np.random.Generator(np.random.PCG64(words))


def _plain(folder: ImageFolder | DecodedFolder) -> ImageFolder:
    return folder.folder if isinstance(folder, DecodedFolder) else folder


def _decoded(
    folder: ImageFolder | DecodedFolder, files: list[Path], size: CropSize, place: Path
) -> ImageFolder | DecodedFolder:
    if isinstance(folder, ImageFolder) and folder.one_size and files:
        return DecodedFolder(folder, files, size=size, place=place)
    return folder
