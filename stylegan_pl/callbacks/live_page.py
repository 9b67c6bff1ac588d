"""report/live.html: a page of the run that reloads itself."""

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import lightning as L

from stylegan_pl.callbacks.diagnosis import Diagnosis
from stylegan_pl.callbacks.evaluation import Evaluation
from stylegan_pl.callbacks.graceful_stop import GracefulStop
from stylegan_pl.callbacks.progress import speed
from stylegan_pl.callbacks.sample_grid import SampleGrid
from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.report.live import LiveRun, grid_uri, write_live
from stylegan_pl.report.numbers import seconds as duration
from stylegan_pl.runs.curves import read_curves
from stylegan_pl.runs.outcome import ENDED

_SHARE = 0.005  # largest share of a run's time for writing pages


class LivePage(L.Callback):
    """Writes the page every few seconds, at each validation and at the end; if the disk is full, only the page is lost.

    Args:
        run_dir: the run's folder.
        title: the page's title.
        every_s: smallest number of seconds between pages; a page that takes long to write is written less often.
    """

    def __init__(self, run_dir: str, *, title: str, every_s: float) -> None:
        self.run_dir, self.title, self.every_s = Path(run_dir), title, every_s
        self._next = 0.0
        self._grid: tuple[Path, str] | None = None  # the newest grid: its file, and its data URI for the page

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Note when and where this process starts, for the speed."""
        assert isinstance(pl_module, TwoPlayerModule)
        self._started = (time.monotonic(), pl_module.clock.images_seen)

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: Any, batch: StylePair, batch_idx: int
    ) -> None:
        """Write the page if it is due."""
        if time.monotonic() >= self._next:
            self._write(trainer, pl_module, "running")

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Write the last page, which says how the run ended."""
        self._write(trainer, pl_module, ENDED[_exit_code(trainer)])

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Write that the run failed or was stopped, so that the page does not say "running" for ever."""
        if hasattr(self, "_started"):
            code = _exit_code(trainer)
            self._write(trainer, pl_module, ENDED[code] if code else "failed, see train.log")

    def _write(self, trainer: L.Trainer, model: L.LightningModule, state: str) -> None:
        if not trainer.is_global_zero:
            return
        assert isinstance(model, TwoPlayerModule)
        began = time.monotonic()
        with suppress(OSError):  # a full disk is reported where a checkpoint or a log is lost
            write_live(self._run(trainer, model, state), self.run_dir / "report" / "live.html")
        took = time.monotonic() - began
        self._next = time.monotonic() + max(self.every_s, took / _SHARE)

    def _run(self, trainer: L.Trainer, model: TwoPlayerModule, state: str) -> LiveRun:
        callbacks = _callbacks(trainer)
        progress = model.clock.progress()
        rate = (progress.images_seen - self._started[1]) / max(time.monotonic() - self._started[0], 1e-9)
        facts = {"images": f"{progress.images_seen:,} of {progress.total_images:,.0f}"}
        if rate > 0:
            facts["speed"] = speed(rate)
        if state == "running" and rate > 0:
            facts["time left"] = duration((progress.total_images - progress.images_seen) / rate)
        samples = next((c.last for c in callbacks if isinstance(c, SampleGrid)), None)
        if samples is not None and (self._grid is None or self._grid[0] != samples):
            self._grid = (samples, grid_uri(samples))
        return LiveRun(
            title=self.title, state=state, facts=facts, grid=None if self._grid is None else self._grid[1],
            scores=[line for c in callbacks if isinstance(c, Evaluation) for line in c.summary()],
            symptoms=[line for c in callbacks if isinstance(c, Diagnosis) for line in c.summary()],
            curves=read_curves(self.run_dir / "metrics.csv"),
        )  # fmt: skip


def _exit_code(trainer: L.Trainer) -> int:
    """Of a signal that ends the run; 0 without one."""
    return next((c.exit_code for c in _callbacks(trainer) if isinstance(c, GracefulStop)), 0)


def _callbacks(trainer: L.Trainer) -> list[L.Callback]:
    return trainer.callbacks  # type: ignore[attr-defined]  # set by a connector
