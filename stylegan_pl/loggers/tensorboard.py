"""TensorBoard, with sample grids as images."""

from typing import Any

import numpy as np
from lightning.pytorch.loggers import TensorBoardLogger

from stylegan_pl.loggers.samples import Samples
from stylegan_pl.pictures.read import read_image


class RunTensorBoard(TensorBoardLogger):
    """Writes event files into `run_dir/tensorboard`; a resumed run adds one."""

    def __init__(self, run_dir: str) -> None:
        super().__init__(run_dir, name="", version="tensorboard", default_hp_metric=False)

    def log_hyperparams(self, params: Any = None, *arguments: Any, **options: Any) -> None:
        """Log nothing, because config.yaml has everything."""

    def log_samples(self, samples: Samples) -> None:
        """Log the grid at full size."""
        pixels = np.array(read_image(samples.grid))  # (H, W, 3)
        self.experiment.add_image("samples", pixels, samples.images_seen, dataformats="HWC")
