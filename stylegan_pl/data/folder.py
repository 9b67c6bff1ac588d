"""A folder of images: its files in each split, and how a file becomes a training crop."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image
from torch import Tensor

from stylegan_pl.data.held_out import held_out_folder, held_out_names, stem
from stylegan_pl.data.reading.crop import cut
from stylegan_pl.data.reading.decode import Pixels, decode
from stylegan_pl.data.reading.resample import resampled
from stylegan_pl.data.source import Source
from stylegan_pl.errors import DataError, first_line
from stylegan_pl.pictures.crop_size import CropSize, least_shorter_side
from stylegan_pl.pictures.read import READABLE, upright_size
from stylegan_pl.pictures.tree import check_is_file, files_below, one_name

SPLITS = ("train", "val")


@dataclass(frozen=True)
class ImageFolder:
    """One set of images on disk, and how its files become crops.

    A split's files are those below `root/train` or `root/val`, if these exist; `held_out_folder` lists other names for
    `val`. Without such a folder, a `held_out` fraction of the files below `root/train`, or else below `root`, is for
    validation, chosen by a hash of the file's name, so that a file stays in its split if others are added. Without
    `train`, all files that are not below `val` are training files.

    Args:
        root: the folder; searched recursively, links to folders included.
        include: keep only files whose path below root, or name, matches one of these patterns (`fnmatch`).
        load_size: pixels of the shorter side after shrinking; or [smallest, largest], from which each crop draws it, so
            that strokes and objects appear in many sizes. None: keep the size.
        held_out: fraction of files for validation, if there is no folder for it.
        upscale: True: enlarge images smaller than `load_size` or the crop. "crop": enlarge only images smaller than the
            crop, because enlarged paintings have blurred strokes. False: refuse images smaller than the crop.
        source: where the set can be fetched from; None: nowhere.
        how_to: what a user must do to get the set, if it cannot be fetched.
        first_frame: use the first picture of GIFs, other animations and files of several pages; otherwise GIFs are
            skipped, and the others are errors.
        beside: for a root such as `trainA`, use the `valA` or `testA` beside it for validation.
        fast: decode JPEGs with simplejpeg and resize with torch if possible; False: everything with Pillow.
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
        """Whether all crops of a file are cut from the same pixels."""
        return not isinstance(self.load_size, Sequence)

    @property
    def middle_size(self) -> int | None:
        """`load_size`, or the middle of its range; used for validation and measurements."""
        size = self.load_size
        return sum(size) // 2 if isinstance(size, Sequence) else size

    @property
    def least_size(self) -> int | None:
        """`load_size`, or the smallest of its range."""
        return min(self.load_size) if isinstance(self.load_size, Sequence) else self.load_size

    @property
    def part_name(self) -> str | None:
        """Which part of each picture is used; None: all of it."""
        return None

    def can_be_fetched(self) -> bool:
        """Whether there is a source for `root`; False if the user typed another root."""
        return self.source is not None and Path(self.root).is_relative_to(self.source.folder)

    @property
    def has_splits(self) -> bool:
        """Whether a folder, not a hash, decides which files are for validation."""
        return self.base("val") != self.base("train")

    def base(self, split: str) -> Path:
        """The folder that contains the split's files."""
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
        return [path for name, path in named.items() if (stem(name) in held_out) == (split == "val")]

    def by_name(self, split: str) -> dict[str, Path]:
        """Path below `base(split)`, extension included, -> file; if no folder holds the split, all files."""
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
        """A file -> uint8 (3, H, W): shrunk to `load_size` and cropped, at random or (`rng` None) in the middle.

        If `load_size` is a range, `rng` first draws the size.

        Args:
            size: pixels of the crop, H = W, or H and W.
            into: memory for the crop, (H, W, 3); None: allocate it.

        Raises:
            DataError: unreadable, or smaller than the crop.
        """
        if isinstance(self.load_size, Sequence):
            drawn = self.middle_size if rng is None else int(rng.integers(self.load_size[0], self.load_size[1] + 1))
            return replace(self, load_size=drawn).crop(path, size, rng, into=into)
        return cut(self.pixels(path, size, into=into), size, rng, name=str(path), into=into)

    def whole(self, path: Path, size: CropSize) -> Pixels:
        """A file -> uint8 (H, W, 3): the whole picture at the size that crops of `size` pixels are cut from.

        Raises:
            DataError: unreadable.
        """
        return replace(self, load_size=self.middle_size).pixels(path, size)

    def pixels(self, path: Path, size: CropSize, *, into: Pixels | None = None) -> Pixels:
        """A file -> uint8 (H, W, 3) that crops of `size` pixels are cut from; `into` is used if it has that shape.

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
            DataError: it cannot be opened, or is not a file.
        """
        check_is_file(path)
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"{path}: cannot be read as an image ({first_line(error)})") from error

    def stamp(self, path: Path) -> tuple[int, ...]:
        """Size and times of the file, which change if it changes; empty if the file is missing."""
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
        """Width and height of the used part of a picture; here all of it."""
        return width, height

    def crop_image(self, image: Image.Image, size: CropSize, rng: np.random.Generator | None) -> Tensor:
        """Crop a picture that is already in memory; see `crop`."""
        return cut(self._resized(np.array(image), size), size, rng)

    def resized_size(self, width: int, height: int, size: CropSize) -> tuple[int, int]:
        """Width and height to resize a picture to, before crops of `size` pixels are cut from it."""
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


def _matches(name: str, pattern: str) -> bool:
    return fnmatch(one_name(name), one_name(pattern))


def list_images(folder: Path, *, gifs: bool = False) -> list[Path]:
    """Image files below a folder, sorted; see `files_below` for which are skipped."""
    known = READABLE | {".gif"} if gifs else READABLE
    return [path for path in files_below(folder) if path.suffix.lower() in known]
