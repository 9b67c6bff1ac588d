"""The run's own config inside its checkpoints, as plain data."""

from typing import Any

import lightning as L


class ConfigKeeper(L.Callback):
    """Puts `config` (nested dicts, lists and scalars) into every checkpoint: the file alone suffices."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config

    def on_save_checkpoint(self, trainer: L.Trainer, pl_module: L.LightningModule, checkpoint: dict[str, Any]) -> None:
        """See the class."""
        checkpoint["config"] = self.config
