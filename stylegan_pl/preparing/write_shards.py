"""Writes a folder of images as tar shards and an index, for clusters whose disks are slow with small files."""

import csv
import io
import logging
import tarfile
from collections.abc import Iterator
from pathlib import Path

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.shards import COLUMNS, INDEX
from stylegan_pl.data.splits import SPLITS
from stylegan_pl.errors import ConfigError, DataError
from stylegan_pl.pictures.read import upright_size
from stylegan_pl.pictures.whole_file import written_whole
from stylegan_pl.runs.output_lock import alone_writing

_log = logging.getLogger(__name__)

_BLOCK = 512  # bytes of a tar header


def write_shards(folder: ImageFolder, target: Path, *, shard_bytes: int = 256 * 2**20) -> dict[str, int]:
    """Copy the files of both splits, unchanged, into `target`; returns the number of images of each split.

    Files are copied byte for byte, in the folder's order, so a run on the shards equals a run on the folder. Unreadable
    files are left out and reported. The index is written last, so a folder with an index is complete.

    Args:
        shard_bytes: size after which a new shard is started.

    Raises:
        ConfigError: `target` contains shards already, cannot be written, or another command writes some there; or
            files contain two pictures.
    """
    if folder.part_name is not None:
        raise ConfigError(
            f"shards hold files unchanged, and those of {folder.root} are two pictures each; train with "
            "data=side_by_side on the folder"
        )
    try:
        with alone_writing(target, is_folder=True, option="shards"):
            return _write_shards(folder, target, shard_bytes)
    except OSError as error:
        raise ConfigError(
            f"{target}: shards cannot be written ({error.strerror or error}); type another shards=FOLDER"
        ) from error


def _write_shards(folder: ImageFolder, target: Path, shard_bytes: int) -> dict[str, int]:
    if (target / INDEX).exists():
        raise ConfigError(f"{target} holds shards already; type another shards=FOLDER, or remove it")
    target.mkdir(parents=True, exist_ok=True)
    rows: list[tuple[str, str, str, int, int, int, int]] = []
    counts = {}
    for split in SPLITS:
        found = list(_write_split(folder, split, target, shard_bytes))
        counts[split] = len(found)
        rows += found
    text = io.StringIO()
    writer = csv.writer(text, delimiter="\t", lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    with written_whole(target / INDEX) as partial:
        partial.write_text(text.getvalue(), encoding="utf-8", errors="surrogateescape")
    return counts


def _write_split(
    folder: ImageFolder, split: str, target: Path, shard_bytes: int
) -> Iterator[tuple[str, str, str, int, int, int, int]]:
    base, shard, tar = folder.base(split), "", None
    try:
        for number, path in enumerate(folder.files(split)):
            try:
                width, height = upright_size(path)
                content = folder.content(path)
            except DataError:
                _log.warning("%s: cannot be read as an image; left out", path)
                continue
            if tar is None or tar.offset >= shard_bytes:
                if tar is not None:
                    tar.close()
                shard = f"{split}-{0 if not shard else int(shard[len(split) + 1 : -4]) + 1:06d}.tar"
                tar = tarfile.open(target / shard, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115
            # digits and one dot, because WebDataset takes the text after the first dot as file type
            entry = tarfile.TarInfo(f"{number:09d}{path.suffix.lower()}")
            entry.size = len(content)
            offset = tar.offset + _BLOCK
            tar.addfile(entry, io.BytesIO(content))
            yield split, path.relative_to(base).as_posix(), shard, offset, len(content), width, height
    finally:
        if tar is not None:
            tar.close()
