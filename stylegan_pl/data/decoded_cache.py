"""Caches a set's decoded pictures in one file on disk, which every process maps into memory."""

import errno
import hashlib
import json
import logging
import shutil
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch
from filelock import FileLock
from torch import Tensor

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.reading.crop import cut
from stylegan_pl.data.reading.decode import Pixels, simplejpeg
from stylegan_pl.errors import ConfigError, DataError, first_line
from stylegan_pl.pictures.crop_size import CropSize, sides
from stylegan_pl.pictures.whole_file import written_whole

_log = logging.getLogger(__name__)

_LAYOUT = 1  # version of the file's layout; raise it when the layout changes
_HEADER = struct.Struct("<4sIII")  # mark, height, width, CRC-32 of the pixels
_MARK = b"u8hw"


class DecodedFolder:
    """An `ImageFolder` that decodes each picture, and shrinks it to `load_size`, only once for all processes and runs.

    One sparse file has a slot for each picture, whose size follows from the picture's file header. A slot holds a
    header with a checksum, and the pixels. Two processes that fill the same slot write the same bytes. If a slot is
    damaged or half written, the checksum differs: a warning is logged and the picture is decoded again. The file's name
    is a hash of everything that decides a pixel: settings, versions of the decoders, and each file's size and times. So
    a changed file starts an empty cache and removes the old one. Files are checked when a run starts, not during the
    run.

    Args:
        files: all files that will be read, from `folder.files`.
        size: pixels of the crops.
        place: a folder on a local disk.

    Raises:
        ConfigError: the folder cannot be written, or the disk is too small.
    """

    def __init__(self, folder: ImageFolder, files: Sequence[Path], *, size: CropSize, place: Path) -> None:
        self.folder, self.size, self.root = folder, size, folder.root
        self.at = {path: number for number, path in enumerate(files)}
        self.file, self.offsets = _made_ready(folder, files, size, place)
        self._mapped: Pixels | None = self._map()  # now: a later run with other files deletes it
        self._agreed = bytearray(len(files))  # slots whose checksum this process has checked

    def crop(
        self, path: Path, size: CropSize, rng: np.random.Generator | None, *, into: Pixels | None = None
    ) -> Tensor:
        """See `ImageFolder.crop`; gives the same pixels."""
        assert size == self.size
        return cut(self.pixels(path), size, rng, name=str(path), into=into)

    def pixels(self, path: Path) -> Pixels:
        """See `ImageFolder.pixels`; from the cache if it has them. The array is read-only."""
        number = self.at[path]
        stored = self._stored(number)
        if stored is not None:
            return stored
        pixels = np.ascontiguousarray(self.folder.pixels(path, self.size))
        self._store(number, pixels)
        return pixels

    def _map(self) -> Pixels:
        with _explained(self.file):
            return np.asarray(np.memmap(self.file, dtype=np.uint8, mode="r"))

    def _stored(self, number: int) -> Pixels | None:
        if self._mapped is None:
            self._mapped = self._map()
        start, end = self.offsets[number] + _HEADER.size, self.offsets[number + 1]
        if start > end:
            return None
        mark, height, width, checksum = _HEADER.unpack_from(self._mapped.data, self.offsets[number])
        if mark == bytes(4):
            return None
        flat = self._mapped[start : start + 3 * height * width]
        if not self._agreed[number]:
            if mark != _MARK or start + 3 * height * width > end or zlib.crc32(flat.data) != checksum:
                _log.warning("%s: the cached picture %d is damaged and is decoded again", self.file, number)
                return None
            self._agreed[number] = 1
        return flat.reshape(height, width, 3)

    def _store(self, number: int, pixels: Pixels) -> None:
        height, width = pixels.shape[:2]
        start = self.offsets[number] + _HEADER.size
        if start + pixels.nbytes > self.offsets[number + 1]:
            return  # larger than its file header says: not cached
        with _explained(self.file), suppress(FileNotFoundError), self.file.open("r+b", buffering=0) as file:
            _write(file, start, pixels.data.cast("B"))
            _write(file, start - _HEADER.size, _HEADER.pack(_MARK, height, width, zlib.crc32(pixels.data)))

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without the mapping, whose bytes would be copied to each worker."""
        return {**self.__dict__, "_mapped": None}


def _made_ready(folder: ImageFolder, files: Sequence[Path], size: CropSize, place: Path) -> tuple[Path, list[int]]:
    """The cache file and the offsets of its slots; the first process creates it, under a lock."""
    names = [str(path) for path in files]
    settings = [_LAYOUT, str(Path(folder.root).absolute()), folder.load_size, folder.upscale]
    settings += [
        (size if isinstance(size, int) else sides(size)) if folder.upscale else None,
        folder.fast,
        torch.__version__,
        PIL.__version__,
        simplejpeg and version("simplejpeg"),
    ]
    settings += [folder.part_name] if folder.part_name else []
    within = place / f"{Path(folder.root).name}-{_hash([settings, names])}"
    made = within / f"{_hash([folder.stamp(path) for path in files])}.u8"
    with _explained(place):
        within.mkdir(parents=True, exist_ok=True)
        with FileLock(within / ".lock"):
            offsets = _slots(made)
            if offsets is None or len(offsets) != len(files) + 1:
                offsets = _make(folder, files, size, made)
    return made, offsets


def _slots(made: Path) -> list[int] | None:
    """The offsets from the JSON file beside the cache; None if one of the files is missing or incomplete."""
    try:
        offsets: list[int] = json.loads(made.with_suffix(".json").read_text())
        return offsets if made.stat().st_size == offsets[-1] else None
    except (OSError, ValueError, TypeError, IndexError):
        return None


def _make(folder: ImageFolder, files: Sequence[Path], size: CropSize, made: Path) -> list[int]:
    offsets = [0]
    for path in files:
        offsets.append(offsets[-1] + _room(folder, path, size))
    for old in [*made.parent.glob("*.u8"), *made.parent.glob("*.json")]:
        old.unlink()  # a process that has it mapped can still read it
    free = shutil.disk_usage(made.parent).free
    if offsets[-1] > free:
        raise ConfigError(
            f"data.cache={made.parent.parent}: {_gb(offsets[-1])} are needed for {len(files)} pictures of "
            f"{folder.root} and {_gb(free)} are free; type another folder, or data.cache=null"
        )
    _log.info(
        "data.cache: up to %s in %s for %d pictures of %s, each decoded once",
        _gb(offsets[-1]), made.parent, len(files), folder.root,
    )  # fmt: skip
    with made.open("wb") as file:
        file.truncate(max(1, offsets[-1]))  # sparse: uses disk space only as pictures are written
    with written_whole(made.with_suffix(".json")) as partial:  # written last: marks the cache file as complete
        partial.write_text(json.dumps(offsets))
    return offsets


def _room(folder: ImageFolder, path: Path, size: CropSize) -> int:
    """Bytes of a picture's slot; 0 if its file header cannot be read."""
    try:
        width, height = folder.file_size(path)
    except DataError:
        return 0
    long, short = sorted(folder.resized_size(width, height, size), reverse=True)
    # a JPEG decoded at half size may have another ratio of sides, by rounding up
    return _HEADER.size + 3 * short * (long + long // short + 2)


def _write(file: Any, place: int, content: memoryview | bytes) -> None:
    """Write all of `content` at offset `place`. Not through the mapping, where a full disk would kill the process."""
    file.seek(place)
    while len(content):
        content = content[file.write(content) :]


@contextmanager
def _explained(place: Path) -> Iterator[None]:
    """Turn the disk's errors into one line."""
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else f"cannot be written ({first_line(error)})"
        raise ConfigError(f"data.cache: {place}: {reason}; type data.cache=ANOTHER_FOLDER or null") from error


def _hash(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def _gb(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
