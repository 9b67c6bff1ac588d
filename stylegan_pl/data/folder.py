"""A folder of images as a list: which files, which of them are held out, how one becomes a training crop."""

import hashlib
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from PIL import Image
from torch import Tensor

from stylegan_pl.data.held_out import held_out_folder
from stylegan_pl.data.reading.crop import cut
from stylegan_pl.data.reading.decode import Pixels, decode
from stylegan_pl.data.reading.resample import resampled
from stylegan_pl.errors import DataError, first_line
from stylegan_pl.pictures.crop_size import CropSize, least_shorter_side
from stylegan_pl.pictures.read import READABLE, upright_size
from stylegan_pl.pictures.tree import check_is_file, files_below, one_name

SPLITS = ("train", "val")


class Source(Protocol):
    """Where a set of images can be had from, when its folder is not there yet."""

    needs_network: bool

    @property
    def folder(self) -> Path:
        """What it brings."""

    def describe(self) -> str:
        """One line: what, how large, from where, to where."""

    def is_ready(self) -> bool:
        """Whether the folder is there, whole."""

    def fetch(self) -> Path:
        """Bring it; returns the folder."""


@dataclass(frozen=True)
class ImageFolder:
    """One set of images on disk, and how its files become crops.

    The files of a split are those below `root/train` and `root/val` where these exist; `held_out_folder` says what else
    is taken for `val`. Without any, a `held_out` fraction of what is below `root/train`, or else below `root`, is for
    validation, chosen by a hash of the file's name: a file stays on its side whatever is added beside it. Without
    `train`, all that is not below `val` is trained on.

    Args:
        root: the folder; searched in depth, links to folders followed.
        include: keep only files whose path below root, or name, matches one of these (`fnmatch`).
        load_size: pixels of the shorter side after shrinking, or [smallest, largest], between which each crop draws it
            anew: strokes, and what is in a photograph, then come in as many sizes. None leaves the size.
        held_out: fraction for validation, where no folder holds it.
        upscale: True enlarges images smaller than `load_size` or the crop; "crop" those smaller than the crop alone,
            as enlarged paintings have blurred strokes; otherwise the latter are refused.
        source: where the set can be had, if it may be fetched.
        how_to: what a person must do where it may not.
        first_frame: of animations and files of several pages take the first picture, GIFs among them; otherwise GIFs
            are passed over, and the others cannot be used.
        beside: of a root such as `trainA` take the `valA` or `testA` beside it for validation.
        fast: JPEGs by simplejpeg, sizes by torch, where these can; otherwise all by Pillow.
    """

    root: str
    include: list[str] = field(default_factory=list)
    load_size: int | Sequence[int] | None = None
    held_out: float = 0.05
    upscale: bool | Literal["crop"] = False
    source: Source | None = None
    how_to: str | None = None
    first_frame: bool = False
    beside: bool = False
    fast: bool = True

    def __post_init__(self) -> None:
        size = self.load_size
        if isinstance(size, Sequence) and not (len(size) == 2 and 0 < size[0] <= size[1]):
            raise ValueError(f"load_size is pixels, or [smallest, largest], got {list(size)}; try [384, 512]")

    @property
    def one_size(self) -> bool:
        """Whether crops of a file are cut from the same pixels each time."""
        return not isinstance(self.load_size, Sequence)

    @property
    def middle_size(self) -> int | None:
        """`load_size`; of a range, the middle: what is validated and measured at."""
        size = self.load_size
        return sum(size) // 2 if isinstance(size, Sequence) else size

    @property
    def least_size(self) -> int | None:
        """`load_size`; of a range, the smallest."""
        return min(self.load_size) if isinstance(self.load_size, Sequence) else self.load_size

    @property
    def part_name(self) -> str | None:
        """Which part of a picture is taken; None: all of it."""
        return None

    def can_be_fetched(self) -> bool:
        """Whether the source, if any, brings `root`; it does not when another root was typed."""
        return self.source is not None and Path(self.root).is_relative_to(self.source.folder)

    @property
    def has_splits(self) -> bool:
        """Whether a folder decides what is for validation, not a hash."""
        return self.base("val") != self.base("train")

    def base(self, split: str) -> Path:
        """The folder that the split's files are below."""
        root = Path(self.root)
        train = root / "train" if (root / "train").is_dir() else root
        if split == "train":
            return train
        return held_out_folder(root, beside=self.beside) or train

    def files(self, split: str) -> list[Path]:
        """The split's image files, sorted by path."""
        named = self.by_name(split)
        if self.has_splits:
            return list(named.values())
        held_out = held_out_names(named, self.held_out)
        return [path for name, path in named.items() if (_stem(name) in held_out) == (split == "val")]

    def by_name(self, split: str) -> dict[str, Path]:
        """Name below `base(split)`, extension included, -> file; without splits, all of the folder's."""
        base, others = self.base(split), self.base("val")
        named = {
            path.relative_to(base).as_posix(): path
            for path in list_images(base, gifs=self.first_frame)
            if split == "val" or base == others or not path.is_relative_to(others)
        }
        if not self.include:
            return named
        return {
            name: path
            for name, path in named.items()
            if any(_matches(name, pattern) or _matches(path.name, pattern) for pattern in self.include)
        }

    def crop(
        self, path: Path, size: CropSize, rng: np.random.Generator | None, *, into: Pixels | None = None
    ) -> Tensor:
        """A file -> uint8 (3, H, W): shrunk to `load_size`, cropped at random or, without `rng`, in the middle.

        Of a range, `rng` draws the size first.

        Args:
            size: pixels of the crop, H = W, or H and W.
            into: (H, W, 3), memory for it; else it has its own.

        Raises:
            DataError: unreadable, or smaller than the crop.
        """
        if isinstance(self.load_size, Sequence):
            drawn = self.middle_size if rng is None else int(rng.integers(self.load_size[0], self.load_size[1] + 1))
            return replace(self, load_size=drawn).crop(path, size, rng, into=into)
        return cut(self.pixels(path, size, into=into), size, rng, name=str(path), into=into)

    def whole(self, path: Path, size: CropSize) -> Pixels:
        """A file -> uint8 (H, W, 3): the picture that crops of `size` pixels are cut from, of a range at its middle.

        Raises:
            DataError: unreadable.
        """
        return replace(self, load_size=self.middle_size).pixels(path, size)

    def pixels(self, path: Path, size: CropSize, *, into: Pixels | None = None) -> Pixels:
        """A file -> what its crops of `size` pixels are cut from; `into`: memory for it where it is just a crop.

        Raises:
            DataError: unreadable.
        """
        decoded = decode(
            self.content(path), str(path), at_least=self.middle_size, fast=self.fast, into=into,
            one_frame=not self.first_frame,
        )  # fmt: skip
        return self._resized(decoded, size)

    def content(self, path: Path) -> bytes:
        """The bytes of a file.

        Raises:
            DataError: it cannot be opened, or is no file.
        """
        check_is_file(path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error

    def stamp(self, path: Path) -> tuple[int, ...]:
        """Numbers that are others once the file is; empty where there is none."""
        try:
            found = path.stat()
        except OSError:
            return ()
        return found.st_size, found.st_mtime_ns, found.st_ctime_ns

    def file_size(self, path: Path) -> tuple[int, int]:
        """Width and height of the picture in a file, from its header.

        Raises:
            DataError: it cannot be read.
        """
        return self.part(*upright_size(path))

    def part(self, width: int, height: int) -> tuple[int, int]:
        """Width and height of what is taken of a picture: all of it."""
        return width, height

    def crop_image(self, image: Image.Image, size: CropSize, rng: np.random.Generator | None) -> Tensor:
        """A picture that is read already; see `crop`."""
        return cut(self._resized(np.array(image), size), size, rng)

    def resized_size(self, width: int, height: int, size: CropSize) -> tuple[int, int]:
        """Width and height of what crops of `size` pixels are cut from."""
        shorter = min(width, height)
        load_size = self.middle_size or shorter
        target = load_size if self.upscale is True else min(load_size, shorter)
        if self.upscale:
            target = max(target, least_shorter_side(width, height, size))
        if target == shorter:
            return width, height
        scale = target / shorter
        return max(target, round(width * scale)), max(target, round(height * scale))

    def _resized(self, pixels: Pixels, size: CropSize) -> Pixels:
        height, width = pixels.shape[:2]
        wanted = self.resized_size(width, height, size)
        return pixels if wanted == (width, height) else resampled(pixels, wanted[1], wanted[0], fast=self.fast)


def held_out_names(names: Iterable[str], fraction: float) -> set[str]:
    """The names, less their extension, that are for validation: by hash, so that a name stays on its side.

    Where a small folder's hashes all fall on the training side, the smallest one is held out. Both files of a pair have
    one name, and so are on one side.
    """
    hashes = {_stem(name): _unit_hash(_stem(name)) for name in names}
    held_out = {stem for stem, value in hashes.items() if value < fraction}
    if not held_out and len(hashes) > 2 and fraction > 0:
        held_out = {min(hashes, key=lambda stem: hashes[stem])}
    return held_out


def _stem(name: str) -> str:
    return one_name(Path(name).with_suffix("").as_posix())


def _matches(name: str, pattern: str) -> bool:
    return fnmatch(one_name(name), one_name(pattern))


def _unit_hash(name: str) -> float:
    return int.from_bytes(hashlib.sha256(os.fsencode(name)).digest()[:8], "big") / 2**64


def list_images(folder: Path, *, gifs: bool = False) -> list[Path]:
    """Image files below a folder, sorted; what `files_below` passes over is, each real folder is seen once."""
    known = READABLE | {".gif"} if gifs else READABLE
    return [path for path in files_below(folder) if path.suffix.lower() in known]
