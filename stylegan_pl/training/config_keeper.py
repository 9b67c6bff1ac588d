"""The run's own config inside its checkpoints, as plain data: the file alone suffices."""

from typing import Any

import lightning as L

from stylegan_pl.runs.file_format import FORMAT_VERSION, VERSION_KEY


class ConfigKeeper(L.Callback):
    """Puts `config` (nested dicts, lists and scalars) and the format's version into every checkpoint."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """See the class."""
        checkpoint["config"] = self.config
        checkpoint[VERSION_KEY] = FORMAT_VERSION
