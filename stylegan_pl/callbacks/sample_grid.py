"""Pictures of what the generator does by now, always of the same photographs."""

from pathlib import Path

import lightning as L
import torch

from stylegan_pl.contracts import StylePair
from stylegan_pl.data.datamodule import StyleTransferData
from stylegan_pl.image_files import write_image
from stylegan_pl.images import grid, to_float
from stylegan_pl.loggers.samples import Samples, log_samples
from stylegan_pl.models.base import TwoPlayerModule


class SampleGrid(L.Callback):
    """`samples/000012000.png`: a row a photograph, content | stylised | a style; drawn with each validation.

    Args:
        folder: where the grids go, named by images seen.
        rows: photographs in a grid.
    """

    def __init__(self, folder: str, *, rows: int) -> None:
        self.folder, self.rows = Path(folder), rows
        self.last: Path | None = None  # the newest grid

    def on_validation_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw, but not during Lightning's sanity check."""
        if not trainer.sanity_checking:
            self._draw(trainer, pl_module)

    def on_train_end(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        """Draw what was reached."""
        self._draw(trainer, pl_module)

    def _draw(self, trainer: L.Trainer, model: L.LightningModule) -> None:
        assert isinstance(model, TwoPlayerModule)
        path = self.folder / f"{model.images_seen:09d}.png"
        if not trainer.is_global_zero or path == self.last:
            return
        data = trainer.datamodule  # type: ignore[attr-defined]  # set by a connector
        assert isinstance(data, StyleTransferData)
        pairs = data.val_set if len(data.val_set) else data.train_set
        batch = StylePair(
            *(torch.stack(side) for side in zip(*map(pairs.__getitem__, self._indices(len(pairs))), strict=True))
        )
        content, style = to_float(batch.content), to_float(batch.style)
        with torch.no_grad():
            stylised = model(content.to(model.device), style.to(model.device)).float().cpu()
        write_image(grid([list(row) for row in zip(content, stylised, style, strict=True)]), path)
        self.last = path
        log_samples(trainer.loggers, Samples(path, content, stylised, style, model.images_seen))

    def _indices(self, count: int) -> list[int]:
        """Evenly over the set: neighbours in a folder look alike."""
        rows = min(self.rows, count)
        return [i * count // rows for i in range(rows)]
