"""Shows a run's progress in images of its budget; Lightning's bars count batches, and our epochs have no end."""

from typing import Any

import lightning as L
from lightning.pytorch.callbacks import ProgressBar

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.pictures.progress import Progress

_REFRESH_S = 0.5  # seconds between readings of the losses, which wait for the device


class RunProgress(ProgressBar):
    """Shows images seen, images per second, the time left and the losses, in place of Lightning's own bar."""

    def __init__(self) -> None:
        super().__init__()
        self._bar: Progress | None = None
        self._enabled = True
        self._is_timed = False

    def disable(self) -> None:
        """Lightning's hook: ranks other than 0 show nothing."""
        self._enabled = False

    def enable(self) -> None:
        """Lightning's hook."""
        self._enabled = True

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Show the bar, starting at the images already seen."""
        assert isinstance(pl_module, TwoPlayerModule)
        if self._enabled:
            seen, total, _ = pl_module.clock.progress()
            self._bar = Progress("training", total, done=seen, describe=_images, pace=speed, every_s=_REFRESH_S).start()

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: dict[str, Any], batch: StylePair, batch_idx: int
    ) -> None:
        """Update the bar."""
        if self._bar is None:
            return
        if not self._is_timed:  # the first step allocates memory and chooses kernels: up to a minute
            self._is_timed = True
            self._bar.time_from(pl_module.clock.images_seen)
        elif self._bar.is_due:
            losses = "  ".join(f"{_short(name)} {float(term):.3g}" for name, term in outputs.items())
            seen, total, _ = pl_module.clock.progress()  # max_minutes may have lowered the total
            self._bar.reach(seen, total, note=losses)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Show the full bar, and close it."""
        assert isinstance(pl_module, TwoPlayerModule)
        if self._bar is not None:
            seen, total, _ = pl_module.clock.progress()
            self._bar.reach(seen, total)
        self._stop()

    def on_exception(self, trainer: L.Trainer, pl_module: L.LightningModule, exception: BaseException) -> None:
        """Close the bar."""
        self._stop()

    def _stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def speed(images_per_second: float) -> str:
    """`3.2 images/s`, or `s/image` below one image per second."""
    if images_per_second >= 1:
        return f"{images_per_second:.1f} images/s"
    return f"{1 / max(images_per_second, 1e-9):.1f} s/image"


def _images(done: float, total: float | None) -> str:
    return f"{done:,.0f} of {total:,.0f} images"


def _short(name: str) -> str:
    """`train/generator/style` -> `G style`."""
    _, player, term = name.split("/", 2)
    return f"{player[0].upper()} {term}"
