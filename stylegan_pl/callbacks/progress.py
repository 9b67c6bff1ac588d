"""One progress bar for the whole run: losses, images a second, time left."""

import sys
import time
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ProgressBar
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule

_REFRESH_S = 0.5  # seconds between readings of the losses, which wait for the device
_LINE_S = 30.0  # seconds between lines where there is no terminal


class RunProgress(ProgressBar):
    """Counts images of the budget. On a terminal a Rich bar; in a file or pipe a line now and then."""

    def __init__(self) -> None:
        super().__init__()
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        self._enabled = True
        self._shown = 0.0

    def disable(self) -> None:
        """Lightning's hook, for all ranks but the first."""
        self._enabled = False

    def enable(self) -> None:
        """Lightning's hook."""
        self._enabled = True

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Start from the images already seen."""
        assert isinstance(pl_module, TwoPlayerModule)
        progress = pl_module.clock.progress()
        self._started = (time.monotonic(), progress.images_seen)
        if not self._enabled or not self._console.is_terminal:
            return
        self._bar = Progress(
            TextColumn("[bold]{task.description}"), BarColumn(),
            TextColumn("{task.completed:,.0f}/{task.total:,.0f} images"),
            TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"), console=self._console, refresh_per_second=4,
        )  # fmt: skip
        self._bar.start()
        self._task = self._bar.add_task(
            "training", total=progress.total_images, completed=progress.images_seen, rate="–", losses=""
        )

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: dict[str, Any], batch: StylePair, batch_idx: int
    ) -> None:
        """Show where the run is."""
        if not self._enabled:
            return
        now, interval = time.monotonic(), _REFRESH_S if self._bar else _LINE_S
        if now - self._shown < interval:
            return
        self._shown = now
        progress = pl_module.clock.progress()
        rate = (progress.images_seen - self._started[1]) / max(now - self._started[0], 1e-9)
        losses = "  ".join(f"{_short(name)} {float(term):.3g}" for name, term in outputs.items())
        if self._bar is not None:
            self._bar.update(self._task, completed=progress.images_seen, rate=speed(rate), losses=losses)
        else:
            left = (progress.total_images - progress.images_seen) / max(rate, 1e-9)
            print(
                f"{progress.images_seen:,}/{progress.total_images:,} images  {speed(rate)}  "
                f"{left / 60:.1f} min left  {losses}", file=sys.stderr, flush=True,
            )  # fmt: skip

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Show the whole, and give the terminal back."""
        assert isinstance(pl_module, TwoPlayerModule)
        if self._bar is not None:
            self._bar.update(self._task, completed=pl_module.clock.images_seen)
        self._stop()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Give the terminal back."""
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def speed(images_per_second: float) -> str:
    """Images a second, or seconds an image where that is the larger number."""
    if images_per_second >= 1:
        return f"{images_per_second:.1f} images/s"
    return f"{1 / max(images_per_second, 1e-9):.1f} s/image"


def _short(name: str) -> str:
    """train/generator/style -> G style."""
    _, player, term = name.split("/", 2)
    return f"{player[0].upper()} {term}"
