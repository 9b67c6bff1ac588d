"""Weights & Biases, without ever standing in a run's way."""

import hashlib
import logging
import netrc
import os
from pathlib import Path
from typing import Any

from lightning.pytorch.loggers import WandbLogger

from stylegan_pl.ranks import is_first

_log = logging.getLogger(__name__)


def run_wandb(run_dir: str, *, project: str, name: str, offline: bool | None = None, **options: Any) -> WandbLogger:
    """A W&B logger for one run folder; resuming the folder resumes the W&B run.

    Without an API key the run is kept offline under `run_dir/wandb`, and one line says so; nothing is asked.

    Args:
        offline: None decides by whether there is a key.
        options: of `WandbLogger` and `wandb.init`, such as `entity`, `group`, `tags`.
    """
    if offline is None:
        offline = not has_key()
        if offline and is_first():
            _log.warning(
                "W&B: no API key, so the run is kept offline; send it later: wandb sync %s/wandb/offline-*", run_dir
            )
    os.environ.setdefault("WANDB_SILENT", "true")  # its banner; errors still show
    os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
    Path(run_dir).mkdir(parents=True, exist_ok=True)
    run_id = hashlib.sha256(str(Path(run_dir).resolve()).encode()).hexdigest()[:12]
    return ImagesSeenWandb(
        project=project,
        name=name,
        save_dir=run_dir,
        id=run_id,
        offline=offline,
        log_model=False,
        resume="allow",
        **options,
    )


def has_key() -> bool:
    """Whether W&B could log in without asking: WANDB_API_KEY, or a line in the netrc file."""
    if os.environ.get("WANDB_MODE") in ("offline", "disabled", "dryrun"):
        return False
    if os.environ.get("WANDB_API_KEY"):
        return True
    path = Path(os.environ.get("NETRC", Path.home() / ".netrc"))
    try:
        hosts = netrc.netrc(str(path)).hosts
    except (OSError, netrc.NetrcParseError):
        return False
    return any("wandb" in host for host in hosts)


class ImagesSeenWandb(WandbLogger):
    """W&B with images seen as the x axis of every chart."""

    @property
    def experiment(self) -> Any:
        """The W&B run, opened when first used."""
        first = self._experiment is None
        run = super().experiment
        if first and getattr(run, "define_metric", None):
            run.define_metric("images_seen")
            run.define_metric("*", step_metric="images_seen", step_sync=True)
        return run
