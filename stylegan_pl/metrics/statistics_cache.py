"""Caches the metrics' statistics of paintings on disk, so that a network runs on each set of paintings once."""

import logging
import os
import tempfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import safetensors
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from stylegan_pl.metrics.kinds import Paintings, SetMetric
from stylegan_pl.pictures.whole_file import written_whole

_log = logging.getLogger(__name__)


class StatisticsCache:
    """One file for each combination of paintings' pixels, network's weights, layers and resizing.

    Args:
        folder: the folder of the files, which may be deleted at any time; `auto`: below the user's cache folder.
    """

    def __init__(self, folder: str = "auto") -> None:
        self.folder = Path(_user_cache(), "stylegan_pl", "statistics") if folder == "auto" else Path(folder)

    def fill(self, metric: SetMetric, paintings: Sequence[Paintings]) -> bool:
        """Add batches of paintings to a metric; returns True if they were cached."""
        if metric.paintings_key is None:
            for batch in paintings:
                metric.add_paintings(*batch)
            return False
        path = self.folder / f"{_digest(paintings, metric.paintings_key)}.safetensors"
        try:
            metric.load_paintings(load_file(path))
            return True
        except (OSError, safetensors.SafetensorError):  # missing or damaged: computed again
            for batch in paintings:
                metric.add_paintings(*batch)
        self._save(metric.paintings_state(), path)
        return False

    def _save(self, state: dict[str, Tensor], path: Path) -> None:
        try:
            with written_whole(path, by_several=True) as partial:
                save_file({name: rows.detach().cpu().contiguous() for name, rows in state.items()}, partial)
        except OSError as error:  # no home folder or a full disk: not cached
            _log.warning("%s: what metrics saw of the paintings cannot be kept (%s)", self.folder, error)


def _user_cache() -> str | Path:
    """XDG_CACHE_HOME or ~/.cache; for a user without a home (`docker run --user 1234`) below the temporary files."""
    try:
        return os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    except RuntimeError:
        return tempfile.gettempdir()


def _digest(paintings: Sequence[Paintings], key: str) -> str:
    """A hash of the pixels, and of each crop's painting, independent of batches."""
    digest = sha256(key.encode())
    for painting, source in (each for batch in paintings for each in batch.each()):
        digest.update(f" {tuple(painting.shape)} {source} ".encode())
        digest.update(painting.detach().to("cpu", torch.float32).contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]
