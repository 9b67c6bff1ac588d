"""Checks the folders of images before anything expensive is built."""

import logging
import math
from pathlib import Path

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.shards import Shards, check_index
from stylegan_pl.data.single import SingleImage, check_single
from stylegan_pl.data.source import Source
from stylegan_pl.data.splits import SPLITS, list_images
from stylegan_pl.errors import DataError, UnfitData, UserError, not_there
from stylegan_pl.pictures.crop_size import CropSize, fits, in_words, least_shorter_side
from stylegan_pl.pictures.skipped import describe_skipped
from stylegan_pl.pictures.tree import UnlistedFolder, files_below

_log = logging.getLogger(__name__)

_LOOKS = 256  # file headers opened per set: enough to find a bad set, and quick on a network disk


def make_ready(
    folder: ImageFolder, *, name: str, size: CropSize, limit: float, download: bool, log_skipped: bool = True
) -> None:
    """Fetch the set if it is missing and may be fetched, then `check_folder`.

    Args:
        download: whether it may be downloaded.
        log_skipped: log which files are skipped.

    Raises:
        DataError: it cannot be fetched, may not be read, or as `check_folder`.
    """
    try:
        _make_ready(folder, name=name, size=size, limit=limit, download=download, log_skipped=log_skipped)
    except PermissionError as error:
        raise UnfitData(
            f"{name}.root: you may not read {error.filename} ({error.strerror}); type {name}.root=FOLDER of another one"
        ) from error
    except UnlistedFolder as error:
        raise DataError(f"{name}.root: {error}") from error


def _make_ready(
    folder: ImageFolder, *, name: str, size: CropSize, limit: float, download: bool, log_skipped: bool
) -> None:
    source = folder.source
    if source is not None and folder.can_be_fetched() and _is_missing(Path(folder.root)):
        if download and source.needs_network:
            _log.info("fetching %s", source.describe())
        if download or not source.needs_network:
            _fetch(source, name)
    check_folder(folder, name=name, size=size, limit=limit, log_skipped=log_skipped)


def _is_missing(root: Path) -> bool:
    """Whether there is no such folder, or an empty one."""
    return not root.is_dir() or not any(root.iterdir())


def _fetch(source: Source, name: str) -> None:
    try:
        source.fetch()
    except UserError as error:
        raise DataError(f"{error}; or type {name}.root=FOLDER for images you have, or data=sample") from error


def check_folder(folder: ImageFolder, *, name: str, size: CropSize, limit: float, log_skipped: bool = True) -> None:
    """Raise one error that names the folder, what was found and what to type.

    Args:
        name: the set's config path, `data.content` or `data.style`.
        size: pixels of the training crop, or its height and width.
        limit: largest share of unusable images that is accepted.
        log_skipped: log which files are skipped.

    Raises:
        UnfitData: missing or empty folder, fewer than 2 training images, images smaller than the crop.
        DataError: images that cannot be read.
    """
    if isinstance(folder, SingleImage):
        check_single(folder, name=name, size=size)
        return
    if isinstance(folder, Shards):
        check_index(folder, name=name)
        _check_sizes(folder, folder.sizes("train"), name=name, size=size, limit=limit)
        return
    root = Path(folder.root)
    if not root.is_dir():
        raise UnfitData(f"{name}.root: {not_there(str(root), _no_folder(folder, name))}")
    files, left = folder.files("train"), what_is_left(folder, name)
    if len(files) < 2:
        found = "no image" if not files else "1 image"
        raise UnfitData(
            f"{name}.root: {found} to train on below {root}, at least 2 are needed (JPEG, PNG, WebP, TIFF, BMP, HEIC "
            f"or AVIF); {_remedy(folder, name)}{''.join(f'; {line}' for line in left)}"
        )
    for line in left if log_skipped else ():
        _log.info("%s", line)
    looked = files[:: max(1, math.ceil(len(files) / _LOOKS))]
    sizes = [_size(folder, path) for path in looked]
    broken = [path for path, found_size in zip(looked, sizes, strict=True) if found_size is None]
    if len(broken) > limit * len(looked):
        share = math.ceil(20 * len(broken) / len(looked)) / 20  # those looked at are a sample: rounded up
        raise DataError(
            f"{name}.root: {len(broken)} of {len(looked)} images looked at below {root} cannot be read, such as "
            f"{broken[0]}; remove them, or to skip them type data.bad_fraction={share:g}"
        )
    _check_sizes(folder, [found_size for found_size in sizes if found_size], name=name, size=size, limit=limit)


def _no_folder(folder: ImageFolder, name: str) -> str:
    root = Path(folder.root)
    if root.is_file():
        one = ", or for this painting alone +experiment=one_painting" if name.endswith("style") else ""
        return f"{root} is a file; type its folder, {name}.root={root.parent}{one}"
    there = root.parent
    if (there / "trainA").is_dir() and (there / "trainB").is_dir():  # CycleGAN's names
        return f"no folder {root}; type data.content.root={there / 'trainA'} data.style.root={there / 'trainB'}"
    return f"no folder {root}; {_remedy(folder, name)}"


def what_is_left(folder: ImageFolder, name: str) -> list[str]:
    """A line for each kind of file that no run will read; none for a downloaded set, or if `include` selects files."""
    if folder.can_be_fetched() or folder.include:
        return []
    lines = []
    root = Path(folder.root)
    everything, pictures = files_below(root), set(list_images(root, gifs=folder.first_frame))
    others = [path for path in everything if path not in pictures]
    if others:
        line_of_skipped = describe_skipped(others, len(everything), first_frame=f"{name}.first_frame")
        lines.append(f"{name}: below {root}, {line_of_skipped}")
    if folder.has_splits or folder.base("train") != Path(root):
        unused = pictures.difference(*(folder.by_name(split).values() for split in SPLITS))
        if unused:
            lines.append(f"{name}: {len(unused)} images below {root} are in none of its splits, such as {min(unused)}")
    return lines


def _check_sizes(folder: ImageFolder, sizes: list[tuple[int, int]], *, name: str, size: CropSize, limit: float) -> None:
    least = folder.least_size  # of a range the smallest: crops must fit into it
    shorter = sorted(min(found) if least is None else min(*found, least) for found in sizes)
    shrunk = [_shrunk(folder, found) for found in sizes]
    small = sum(not fits(width, height, size) for width, height in shrunk)
    crop = in_words(size)
    shrinks = small > sum(not fits(*found, size) for found in sizes) + limit * len(sizes)
    if least is not None and shrinks and not folder.upscale:
        which = "every image" if small == len(sizes) else f"{small} of {len(sizes)} images"
        needed = max(least_shorter_side(*found, size) for found in sizes)
        raise UnfitData(
            f"{name}.load_size={folder.load_size} shrinks {which} below the crop of {crop} pixels; type "
            f"{name}.load_size={needed} or image_size={least // 4 * 4}"
        )
    if not folder.upscale and small > limit * len(shorter):
        usable = shorter[int(limit * len(shorter))] // 4 * 4
        smaller_crop = f"image_size={usable}, or " if usable >= 16 else ""  # smallest size of any generator
        raise UnfitData(
            f"{name}.root: {small} of {len(shorter)} images looked at below {folder.root} are smaller than the crop of "
            f"{crop} pixels (shortest side {shorter[0]}); type {smaller_crop}{name}.upscale=true to enlarge them, or "
            "data=sample"
        )


def _shrunk(folder: ImageFolder, found: tuple[int, int]) -> tuple[int, int]:
    """Width and height in pixels after shrinking to `load_size`; smaller pictures keep their size."""
    width, height = found
    scale = 1.0 if folder.least_size is None else min(1.0, folder.least_size / min(found))
    return round(width * scale), round(height * scale)


def _size(folder: ImageFolder, path: Path) -> tuple[int, int] | None:
    try:
        return folder.file_size(path)
    except DataError:
        return None


def _remedy(folder: ImageFolder, name: str) -> str:
    if folder.can_be_fetched():
        return f"type data.download=true to fetch it, or {name}.root=FOLDER for images you have, or data=sample"
    if folder.how_to is not None:
        return f"{folder.how_to}; or type {name}.root=FOLDER for images you have, or data=sample"
    recipe = ", +experiment=my_painter, which brings photographs," if name == "data.content" else ","
    return f"type {name}.root=FOLDER with your images{recipe} or data=sample to try without any"
