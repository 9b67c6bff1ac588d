"""One call of `prepare dataset=NAME`: downloads or makes a data set, and counts its images."""

import logging
import shlex
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.data.check import what_is_left
from stylegan_pl.errors import ConfigError
from stylegan_pl.preparing.write_shards import write_shards

_log = logging.getLogger(__name__)


def fetch(config: DictConfig) -> int:
    """Fetch what is missing of a composed `PrepareConfig`, and count images; returns the exit code.

    Raises:
        ConfigError: a set has no images, or a folder cannot be written.
        UserError: a download fails.
    """
    folders = {side: instantiate(config.dataset[side], _convert_="all") for side in ("content", "style")}
    sources = list({folder.source: None for folder in folders.values() if folder.source is not None})
    missing = [source for source in sources if not source.is_ready()]
    for source in sources:
        _log.info("%s%s", source.describe(), "" if source in missing else "  (there already)")
    for source in missing:
        source.fetch()
    for side, folder in folders.items():
        _report(side, folder)
    if config.shards is not None:
        _write_shards(folders, Path(config.shards))
    return 0


def _write_shards(folders: dict[str, Any], target: Path) -> None:
    """Write both sets as tar shards, and report the command that trains on them as on the folders."""
    words = ["data=shards"]
    for side, folder in folders.items():
        counts = write_shards(folder, target / side)
        _log.info("%-8s %d + %d images written to %s", side, counts["train"], counts["val"], target / side)
        size = "null" if folder.load_size is None else str(folder.load_size).replace(" ", "")
        words += [f"data.{side}.root={target / side}", f"data.{side}.load_size={size}"]
        words += [f"data.{side}.upscale={str(folder.upscale).lower()}"] if folder.upscale else []
        words += [f"data.{side}.first_frame=true"] if folder.first_frame else []
    words += [f"data.pairing._target_={pairing}"] if (pairing := _pairing()) is not None else []
    _log.info("train on them: python -m stylegan_pl.train %s", shlex.join(words))


def _pairing() -> str | None:
    """The pairing of the `data` option that is named like the chosen set, unless `data=shards` has it, too."""
    name = HydraConfig.get().runtime.choices.get("dataset") if HydraConfig.initialized() else None
    files = [conf_dir() / "data" / f"{option}.yaml" for option in (name, "shards")]
    if not files[0].is_file():
        return None
    ours, usual = (str(OmegaConf.load(file).pairing._target_) for file in files)
    return ours if ours != usual else None


def _report(side: str, folder: Any) -> None:
    """Report what a set contains; raise if it has no images."""
    for line in what_is_left(folder, f"dataset.{side}"):
        _log.info("%s", line)
    counts = {split: len(folder.files(split)) for split in ("train", "val")}
    if not sum(counts.values()):
        raise ConfigError(f"{side}: no images below {folder.root}; {folder.how_to or 'put yours there'}")
    _log.info("%-8s %d images to train on, %d held out, below %s", side, counts["train"], counts["val"], folder.root)
