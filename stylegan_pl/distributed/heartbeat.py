"""Which rank is at fault when all the others wait."""

import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import lightning as L
import torch
from torch.distributed import Store

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule

_LATER_S = 10.0  # seconds after the time-out: the main thread, if it can, says it better


class Beat(NamedTuple):
    """What a rank last said of itself."""

    place: str  # host and process
    number: int
    images: int  # seen, when its last batch began

    @classmethod
    def parse(cls, text: bytes) -> "Beat":
        """See `__str__`."""
        place, number, images = text.decode().split("|")
        return cls(place, int(number), int(images))

    def __str__(self) -> str:
        return "|".join(map(str, self))


class Heartbeat(L.Callback):
    """Each rank says every few seconds, in the store that the process group met in, that it lives and how far it is.

    Collectives that time out do not say whom they waited for. A rank whose beats stop (frozen, its machine gone) or
    whose batches stay behind the others' (its main thread stuck, as in a dead file system) is the one. Where the main
    thread cannot find out, because it waits in a GPU's queue, a thread ends the process a little after the time-out.

    Rank 0 watches all, the others watch rank 0: the store is asked n times in a period, not n².

    Args:
        timeout_s: seconds of silence.
    """

    def __init__(self, *, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.period_s = min(2.0, timeout_s / 10)
        self.end: Callable[[str], None] = _nobody  # says the reason it is given, and ends this process
        self._images = 0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._store: Store | None = None

    # ------------------------------------------------------------------ Lightning's hooks

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Begin to beat; nobody is watched before all do."""
        if not torch.distributed.is_initialized():
            return
        self._rank, self._ranks = trainer.global_rank, trainer.world_size
        self._store = _store(timedelta(seconds=max(1.0, self.period_s * 2)))
        self._beat(0)
        trainer.strategy.barrier("heartbeats")
        self._stopped.clear()
        self._thread = threading.Thread(target=self._live, name="heartbeat", daemon=True)
        self._thread.start()

    def on_train_batch_start(  # type: ignore[override]  # our batches are pairs
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, batch: StylePair, batch_idx: int
    ) -> None:
        """How far this rank is."""
        self._images = pl_module.clock.images_seen

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Beat no longer."""
        self._stop()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Beat no longer."""
        self._stop()

    def _stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10.0)  # Python, when it ends, aborts over a thread that is inside the store

    # ------------------------------------------------------------------ who is silent

    def silent(self) -> str | None:
        """Ranks that do not respond, or None: asked when a collective has failed, it listens for two periods."""
        if self._store is None:
            return None
        before = self._listen(range(self._ranks))
        if before is None:
            return self._name(0, None)
        time.sleep(2.5 * self.period_s)
        now = self._listen(range(self._ranks))
        if now is None:
            return self._name(0, before[0])
        still = [r for r in range(self._ranks) if r != self._rank and now[r].number == before[r].number]
        behind = [r for r, beat in now.items() if beat.images < max(b.images for b in now.values())]
        faults = [self._name(rank, now[rank]) for rank in still or behind]
        return ", ".join(faults) if faults else None

    def _name(self, rank: int, beat: Beat | None) -> str:
        where = "" if beat is None else f" ({beat.place}, at {beat.images:,} images)"
        return f"rank {rank}{where} does not respond"

    def _live(self) -> None:
        """The thread: beat, and watch."""
        watched = [r for r in (range(self._ranks) if self._rank == 0 else [0]) if r != self._rank]
        last: dict[int, tuple[Beat | None, float]] = {rank: (None, time.monotonic()) for rank in watched}
        count, mine = 0, (self._images, time.monotonic())
        while not self._stopped.wait(self.period_s):
            count += 1
            beats = self._listen(watched) if self._beat(count) else None
            now = time.monotonic()
            mine = mine if mine[0] == self._images else (self._images, now)
            for rank in watched:
                beat = last[rank][0] if beats is None else beats[rank]
                if beat != last[rank][0]:
                    last[rank] = (beat, now)
                behind = beat is not None and beat.images < self._images  # it is alive, and this rank waits for it
                silence = now - (mine[1] if behind else last[rank][1])
                if silence > self.timeout_s + _LATER_S and not self._stopped.is_set():
                    self.end(f"{self._name(rank, beat)}, for {silence:.0f} s")
                    return

    def _beat(self, count: int) -> bool:
        place = f"{socket.gethostname()}, pid {os.getpid()}"
        return _answered(lambda: self._kept.set(_key(self._rank), str(Beat(place, count, self._images))))

    def _listen(self, ranks: Any) -> dict[int, Beat] | None:
        """What the ranks said last; None where the store is silent, which is rank 0's (or torchrun's)."""
        found: list[bytes] = []
        if not _answered(lambda: found.extend(self._kept.multi_get([_key(rank) for rank in ranks]))):
            return None
        return {rank: Beat.parse(text) for rank, text in zip(ranks, found, strict=True)}

    @property
    def _kept(self) -> Store:
        assert self._store is not None
        return self._store


def _nobody(reason: str) -> None:
    """Until a launcher says how to end: it has other processes to end, too."""


def _key(rank: int) -> str:
    return f"stylegan_pl/heartbeat/{rank}"


def _store(timeout: timedelta) -> Store:
    """A connection of our own to the store of the process group: the group's waits in it for as long as it likes."""
    from torch.distributed.distributed_c10d import _get_default_store

    store = _get_default_store()
    store = store.clone() if hasattr(store, "clone") else store
    store.set_timeout(timeout)
    return store


def _answered(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except (RuntimeError, ValueError):  # torch's DistError is one
        return False
    return True
