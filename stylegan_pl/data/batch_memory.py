"""Memory for the training batches of a loader's workers, written again once a batch has gone from the run."""

from __future__ import annotations

import math
import os
from mmap import mmap
from typing import Any
from weakref import WeakValueDictionary, finalize

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import get_worker_info

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.reading.decode import Pixels
from stylegan_pl.pictures.crop_size import CropSize, sides

_MEMORIES: WeakValueDictionary[int, BatchMemory] = WeakValueDictionary()  # by `key`, which a forked worker knows too


class BatchMemory:
    """Rooms for batches of pairs, a few for each worker; workers that are forks of the run share them with it.

    Fresh memory takes longer than what is written to it: a kernel clears and maps it page by page, and between
    processes each batch would be a file of its own. So a batch is lent. Its room is free again when the last tensor
    that shows it has gone, wherever that was kept, and until then nobody writes there.

    Args:
        batch_size: pairs.
        size: pixels of the crop, or its height and width.
        rooms: batches of a worker that are made, wait or are looked at, together.
        workers: the loader's processes.
    """

    def __init__(self, *, batch_size: int, size: CropSize, rooms: int, workers: int) -> None:
        self.batch_size, self.rooms = batch_size, rooms
        shape = (workers * rooms, 2, batch_size, *sides(size), 3)
        self.pixels: Pixels = np.frombuffer(mmap(-1, math.prod(shape)), np.uint8).reshape(shape)
        self._taken: NDArray[np.uint8] = np.frombuffer(mmap(-1, shape[0]), np.uint8)
        self.key = id(self)
        _MEMORIES[self.key] = self

    def free_room(self) -> int | None:
        """The number of one that this worker may fill; None while all its batches are in use, and for no worker."""
        worker = get_worker_info()
        if worker is None:
            return None
        first = worker.id * self.rooms
        return next((room for room in range(first, first + self.rooms) if not self._taken[room]), None)

    def lend(self, room: int) -> Lent:
        """A filled room, to be sent to the run."""
        self._taken[room] = 1
        return Lent(self.key, room)

    def batch(self, room: int) -> StylePair:
        """A lent room's tensors, (N, 3, H, W), which lie in memory pixel by pixel; with the last of them it is free."""
        pixels = self.pixels[room]
        finalize(pixels, _give_back, self._taken, room, os.getpid()).atexit = False
        content, style = torch.from_numpy(pixels).permute(0, 1, 4, 2, 3)
        return StylePair(content, style)


class Lent:
    """A worker's batch on its way to the run: pickled, the number of its room; unpickled, a `StylePair`."""

    def __init__(self, key: int, room: int) -> None:
        self.key, self.room = key, room

    def __reduce__(self) -> tuple[Any, ...]:
        """See the class."""
        return _arrived, (self.key, self.room)


def _arrived(key: int, room: int) -> StylePair:
    return _MEMORIES[key].batch(room)


def _give_back(taken: NDArray[np.uint8], room: int, process: int) -> None:
    if os.getpid() == process:  # a fork's copies end without the run's having ended
        taken[room] = 0
