"""Finds the rank that has stopped when all others wait for it."""

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

_LATER_S = 10.0  # seconds after the time-out, because the main thread has a better message if it can still run


class Beat(NamedTuple):
    """A rank's last message."""

    place: str  # host and process
    number: int
    images: int  # images seen when its last batch began

    @classmethod
    def parse(cls, text: bytes) -> "Beat":
        """The inverse of `__str__`."""
        place, number, images = text.decode().split("|")
        return cls(place, int(number), int(images))

    def __str__(self) -> str:
        return "|".join(map(str, self))


class Heartbeat(L.Callback):
    """Each rank writes every few seconds, to the process group's store, that it is alive and how far it is.

    A collective that times out does not say which rank it waited for. It is the rank whose messages stop (frozen, or
    its machine is gone), or whose number of images falls behind (its main thread hangs, for example in a dead file
    system). If the main thread itself waits for a GPU, a second thread ends the process shortly after the time-out.

    Rank 0 watches all ranks, and the others watch rank 0, so the store gets n requests per period, not n².

    Args:
        timeout_s: seconds without a message after which a rank counts as lost.
    """

    def __init__(self, *, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        self.period_s = min(2.0, timeout_s / 10)
        self.end: Callable[[str], None] = _do_nothing  # prints the reason, and ends this process
        self._images = 0
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._store: Store | None = None

    # ------------------------------------------------------------------ Lightning's hooks

    def on_fit_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start to send messages; ranks are watched once all have started."""
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
        """Note how many images this rank has seen."""
        self._images = pl_module.clock.images_seen

    def teardown(self, trainer: L.Trainer, pl_module: L.LightningModule, stage: str) -> None:
        """Stop sending."""
        self._stop()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Stop sending."""
        self._stop()

    def _stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10.0)  # otherwise Python aborts at exit, if the thread is inside the store

    # ------------------------------------------------------------------ which rank is lost

    def silent(self) -> str | None:
        """After a failed collective, listen for two periods; returns which ranks do not respond, in words, or None."""
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
        """The thread's loop: send, and watch."""
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
                behind = beat is not None and beat.images < self._images  # alive, but behind: this rank waits for it
                silence = now - (mine[1] if behind else last[rank][1])
                if silence > self.timeout_s + _LATER_S and not self._stopped.is_set():
                    self.end(f"{self._name(rank, beat)}, for {silence:.0f} s")
                    return

    def _beat(self, count: int) -> bool:
        place = f"{socket.gethostname()}, pid {os.getpid()}"
        return _answered(lambda: self._kept.set(_key(self._rank), str(Beat(place, count, self._images))))

    def _listen(self, ranks: Any) -> dict[int, Beat] | None:
        """Rank -> last message; None if the store does not answer, which belongs to rank 0 (or torchrun)."""
        found: list[bytes] = []
        if not _answered(lambda: found.extend(self._kept.multi_get([_key(rank) for rank in ranks]))):
            return None
        return {rank: Beat.parse(text) for rank, text in zip(ranks, found, strict=True)}

    @property
    def _kept(self) -> Store:
        assert self._store is not None
        return self._store


def _do_nothing(reason: str) -> None:
    """The default of `end`; a launcher sets its own, which also ends the other processes."""


def _key(rank: int) -> str:
    return f"stylegan_pl/heartbeat/{rank}"


def _store(timeout: timedelta) -> Store:
    """A separate connection to the process group's store, because the group's own connection may be blocked."""
    from torch.distributed.distributed_c10d import _get_default_store

    store = _get_default_store()
    store = store.clone() if hasattr(store, "clone") else store
    store.set_timeout(timeout)
    return store


def _answered(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except (RuntimeError, ValueError):  # torch's DistError is a RuntimeError
        return False
    return True
