"""Saves grids of stylised pictures during training, always of the same photographs."""

from pathlib import Path
from typing import Any

import lightning as L
import torch
from torch import Tensor

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.errors import DataError, first_line
from stylegan_pl.loggers.samples import Samples, log_samples
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.pictures.tensors import grid, to_float
from stylegan_pl.pictures.write import write_image


class NotDrawn(DataError):
    """A grid could not be written into its folder."""


class SampleGrid(L.Callback):
    """Saves `samples/000012000.png` at each validation: one row per photograph, content | stylised | a style.

    Without validation photographs, training ones are used.

    Args:
        folder: where the grids are written; file names are images seen.
        rows: photographs in a grid.
        every_images: images between grids of a run without validations, all devices together. Has a default, because
            the config.yaml of an old run does not have this key.
    """

    def __init__(self, folder: str, *, rows: int, every_images: int = 10000) -> None:
        if every_images < 1:
            raise ValueError(f"every_images must be above 0, got {every_images}; try 10000")
        self.folder, self.rows, self.every_images = Path(folder), rows, every_images
        self.last: Path | None = None  # the newest grid
        self._drawn = 0  # grids due so far in a run without validations

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Count from the images already seen."""
        assert isinstance(pl_module, TwoPlayerModule)
        self._drawn = pl_module.clock.images_seen // self.every_images

    def on_train_batch_end(  # type: ignore[override]  # our training_step returns terms
        self, trainer: L.Trainer, pl_module: TwoPlayerModule, outputs: Any, batch: StylePair, batch_idx: int
    ) -> None:
        """Draw after each multiple of `every_images`, if there are no validations."""
        due = pl_module.clock.images_seen // self.every_images
        if sum(trainer.num_val_batches) == 0 and due > self._drawn:
            self._drawn = due
            self._draw(trainer, pl_module)

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw a grid, but not in Lightning's sanity check."""
        if not trainer.sanity_checking:
            self._draw(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw the last grid."""
        self._draw(trainer, pl_module)

    def _draw(self, trainer: L.Trainer, model: L.LightningModule) -> None:
        assert isinstance(model, TwoPlayerModule)
        path = self.folder / f"{model.clock.images_seen:09d}.png"
        if not trainer.is_global_zero or path == self.last:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by a connector
        assert isinstance(data, StyleTransferData)
        pairs = data.val_set if len(data.val_set) else data.train_set
        batch = StylePair(
            *(torch.stack(side) for side in zip(*map(pairs.__getitem__, self._indices(len(pairs))), strict=True))
        )
        content, style = to_float(batch.content), to_float(batch.style)
        stylised = _painted(model, content, style)
        rows = [list(row) for row in zip(content, stylised, style, strict=True)]
        try:
            write_image(grid(rows), path)
        except DataError as error:
            reason = getattr(error.__cause__, "strerror", None) or first_line(error)
            raise NotDrawn(f"{path}: cannot be written ({reason})") from error
        self.last = path
        log_samples(trainer.loggers, Samples(path, content, stylised, style, model.clock.images_seen))

    def _indices(self, count: int) -> list[int]:
        """Indices evenly spread over the set, because neighbours in a folder look alike."""
        rows = min(self.rows, count)
        return [i * count // rows for i in range(rows)]


def _painted(model: TwoPlayerModule, content: Tensor, style: Tensor) -> Tensor:
    """Paint in evaluation mode: without dropout, and without changing running statistics of norms."""
    training = [module for module in model.stylizer.modules() if module.training]
    model.stylizer.eval()
    try:
        with torch.no_grad():
            return model(content.to(model.device), style.to(model.device)).float().cpu()
    finally:
        for module in training:
            module.training = True
