"""The facts of every file of two sets, and its place in them."""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from stylegan_pl.data.folder import ImageFolder
from stylegan_pl.data.pairing import Pairing
from stylegan_pl.data.splits import SPLITS
from stylegan_pl.errors import DataError
from stylegan_pl.pictures.crop_size import CropSize, fits
from stylegan_pl.preparing.doctor.file_facts import FileFacts, look_at
from stylegan_pl.runs.ranks import cores

SIDES = ("content", "style")
_FEW = 128  # files below which starting processes takes longer than reading
_CHUNK = 16  # files a process gets at a time


class Place(NamedTuple):
    """The set and split in which a file is used."""

    side: str  # content or style
    split: str  # train or val
    path: Path


@dataclass(frozen=True)
class Picture:
    """The facts of a file and its place."""

    side: str
    split: str
    facts: FileFacts
    too_small: bool  # for the crop


def places(content: ImageFolder, style: ImageFolder, pairing: Pairing) -> list[Place]:
    """The files that a run uses, each once; a file in both train and val counts as train."""
    found: dict[tuple[str, Path], Place] = {}
    for split in SPLITS:
        for side, files in zip(SIDES, pairing.match(content, style, split), strict=True):
            for path in files:
                found.setdefault((side, path), Place(side, split, path))
    return sorted(found.values())


def without_partner(content: ImageFolder, style: ImageFolder, pairing: Pairing) -> list[Place]:
    """Files that a run leaves out, because they have no partner of the same name."""
    used = {(place.side, place.path) for place in places(content, style, pairing)}
    return [
        Place(side, split, path)
        for side, folder in zip(SIDES, (content, style), strict=True)
        for split in SPLITS
        for path in folder.files(split)
        if (side, path) not in used
    ]


def is_too_small(facts: FileFacts, folder: ImageFolder, image_size: CropSize) -> bool:
    """Whether `folder.crop` would refuse the file as too small."""
    if facts.problem is not None or folder.upscale:
        return False
    return not fits(*replace(folder, load_size=folder.least_size).resized_size(*facts.size, image_size), image_size)


def look_at_all(paths: Sequence[Path], *, workers: int | None, one_frame: bool = False) -> Iterator[FileFacts]:
    """`look_at` for every path, in order.

    Args:
        workers: processes; None: one per core; 0: only this process. A few files are always read in this process.
        one_frame: see `look_at`.

    Raises:
        DataError: a process died, usually because memory ran out.
    """
    workers = cores() if workers is None else workers
    look = partial(look_at, one_frame=one_frame)
    if workers < 2 or len(paths) < _FEW:
        yield from map(look, paths)
        return
    with ProcessPoolExecutor(workers, _context()) as pool:
        try:
            with _ignoring_ctrl_c():
                facts = pool.map(look, paths, chunksize=_CHUNK)  # starts the processes
            yield from facts
        except BrokenProcessPool as error:
            raise DataError(
                "a process that reads images was killed, probably because memory ran out; type data.workers=0"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _context() -> multiprocessing.context.BaseContext:
    """Processes that share one import of torch if the system can; never forks of this process and its threads."""
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([look_at.__module__])
    return context


@contextlib.contextmanager
def _ignoring_ctrl_c() -> Iterator[None]:
    """Ignore Ctrl-C in processes started inside: the terminal sends it to all, and only the main process reacts."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set a signal's handler
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
