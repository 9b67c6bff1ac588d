"""Image sets as a few large tar files and an index; images are read as byte ranges from a folder, S3 or HTTP."""

import csv
import hashlib
import io
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.splits import SPLITS
from stylegan_pl.errors import ConfigError, DataError, UserError, first_line
from stylegan_pl.pictures.whole_file import written_whole

INDEX = "index.tsv"
COLUMNS = ("split", "name", "shard", "offset", "bytes", "width", "height")
_TRIES = 4  # attempts per read, against short network failures
_CHUNK = 8 * 2**20  # bytes per read when a shard is copied


class Member(NamedTuple):
    """Where an image is stored, and its size in pixels."""

    shard: str
    offset: int
    n_bytes: int
    width: int
    height: int


@dataclass(frozen=True)
class Shards(ImageFolder):
    """One set of images in tar shards (WebDataset's layout: uncompressed, `train-000000.tar` …) with an index.

    The index says where in which shard each image is, so an image is one range read. Keys, shuffling, resuming and the
    split over ranks and workers are therefore exactly those of a folder. Each worker reads only the images of its own
    keys, so no byte is read twice in an epoch, for any number of ranks, and no directory of 118,000 files is listed.

    Args:
        root: a folder or URL (`s3://bucket/coco`, `https://…`) that holds `index.tsv` and the shards.
        include: keep only images whose name in the original folder matches one of these patterns.
        cache: folder on a local disk, to which a whole shard is copied on first use; None: read byte ranges.
    """

    cache: str | None = None

    @property
    def has_splits(self) -> bool:
        """Always True: the index says which images are for validation."""
        return True

    def base(self, split: str) -> Path:
        """The set's folder or URL, for messages."""
        return Path(self.root)

    def files(self, split: str) -> list[Path]:
        """`split/name` of each image, in the order of the original folder."""
        return list(self.by_name(split).values())

    def by_name(self, split: str) -> dict[str, Path]:
        """Name in the original folder -> `split/name`."""
        names = [path.relative_to(split).as_posix() for path in _index(self.root) if path.parts[0] == split]
        return {name: Path(split, name) for name in names if self.includes(name)}

    def sizes(self, split: str) -> list[tuple[int, int]]:
        """Width and height of each image, from the index."""
        return [(_index(self.root)[path].width, _index(self.root)[path].height) for path in self.files(split)]

    def content(self, path: Path) -> bytes:
        """The bytes of an image; `path` is one of `files`.

        Raises:
            ConfigError: its shard cannot be read.
        """
        return self._bytes(_index(self.root)[path])

    def stamp(self, path: Path) -> tuple[int, ...]:
        """The image's place in the index, which changes only if the shards are written again."""
        shard, *numbers = _index(self.root)[path]
        return (zlib.crc32(shard.encode()), *numbers)

    def file_size(self, path: Path) -> tuple[int, int]:
        """Width and height, from the index."""
        member = _index(self.root)[path]
        return member.width, member.height

    def _bytes(self, member: Member) -> bytes:
        start, end = member.offset, member.offset + member.n_bytes
        if self.cache is not None:
            with self._copy(member.shard).open("rb") as file:
                file.seek(start)
                found = file.read(member.n_bytes)
        else:
            found = _read(f"{self.root.rstrip('/')}/{member.shard}", start, end)
        if len(found) != member.n_bytes:
            raise ConfigError(
                f"{self.root}/{member.shard}: {len(found)} bytes came where {member.n_bytes} were asked for: the shard "
                "is cut short, or its server gives no ranges; write it again, or type cache=FOLDER for that set"
            )
        return found

    def _copy(self, shard: str) -> Path:
        """The local copy of a shard; the first process that needs it makes it, and others wait."""
        assert self.cache is not None
        place = Path(self.cache, _copies(self.root), shard)
        if not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            with FileLock(place.with_suffix(".lock")):
                if not place.exists():
                    _download(f"{self.root.rstrip('/')}/{shard}", place)
        return place


@lru_cache(maxsize=8)
def _index(root: str) -> dict[Path, Member]:
    """`split/name` -> where the image is stored; read once per process.

    Raises:
        DataError: there is no index, or it is of another format.
    """
    try:
        text = _read(f"{root.rstrip('/')}/{INDEX}").decode("utf-8", "surrogateescape")
    except UserError as error:
        raise DataError(
            f"{error}; write shards with: python -m stylegan_pl.prepare dataset=NAME shards=FOLDER"
        ) from error
    rows = csv.DictReader(io.StringIO(text), delimiter="\t")
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise DataError(f"{root}/{INDEX}: its columns should be {', '.join(COLUMNS)}; write the shards again")
    return {
        Path(row["split"], row["name"]): Member(row["shard"], *(int(row[column]) for column in COLUMNS[3:]))
        for row in rows
    }


@lru_cache(maxsize=8)
def _copies(root: str) -> str:
    """The folder's name for local copies of the shards; another one when they are written again."""
    return hashlib.sha256(repr((root, _index(root))).encode()).hexdigest()[:12]


def _read(url: str, start: int | None = None, end: int | None = None) -> bytes:
    """The bytes of a file, or of a range of it; retried after network errors.

    Raises:
        ConfigError: it cannot be read. Not a DataError, with which a run would skip the image and continue.
    """
    for attempt in range(_TRIES):
        try:
            system, path = _file_system(url)
            content: bytes = system.cat_file(path, start=start, end=end)
            return content
        except UserError:  # a package is missing: trying again does not help
            raise
        except FileNotFoundError as error:
            raise ConfigError(f"{url}: no such file") from error
        except Exception as error:  # each file system has its own
            if attempt == _TRIES - 1:
                raise ConfigError(f"{url}: cannot be read ({type(error).__name__}: {first_line(error)})") from error
            time.sleep(2.0**attempt / 4)
    raise AssertionError


def _file_system(url: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs  # imported here, because most runs read folders

    try:
        found: tuple[Any, str] = url_to_fs(url)
        return found
    except ImportError as error:  # s3fs, gcsfs …
        raise ConfigError(
            f"{url}: {first_line(error)}; type: pip install s3fs (gcsfs, adlfs), as the place needs"
        ) from error


def _download(url: str, place: Path) -> None:
    system, path = _file_system(url)
    try:
        with system.open(path, "rb") as source, written_whole(place) as partial, partial.open("wb") as target:
            for chunk in _chunks(source):
                target.write(chunk)
    except Exception as error:  # each file system has its own
        raise ConfigError(f"{url}: cannot be copied to {place.parent} ({first_line(error)})") from error


def _chunks(source: Any) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk


def check_index(shards: Shards, *, name: str) -> None:
    """Raise an error if there is nothing to train on.

    Args:
        name: the set's config key, `data.content` or `data.style`.

    Raises:
        DataError: no index, or fewer than 2 training images.
    """
    try:
        found = {split: len(shards.files(split)) for split in SPLITS}
    except DataError as error:
        raise DataError(f"{name}.root: {error}") from error
    if found["train"] < 2:
        raise DataError(
            f"{name}.root: {found['train']} images to train on in {shards.root}/{INDEX}, at least 2 are needed"
        )
