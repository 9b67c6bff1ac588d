"""`python -m stylegan_pl.prepare`: fetch a data set, unpack it, verify it."""

import logging
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig

from stylegan_pl.cli import run_verb
from stylegan_pl.errors import UserError

_log = logging.getLogger(__name__)


def prepare(config: DictConfig) -> int:
    """Show the sizes, fetch what is missing, verify; returns the exit code."""
    folders = {side: instantiate(config.dataset[side], _convert_="all") for side in ("content", "style")}
    sources = list({folder.source: None for folder in folders.values() if folder.source is not None})
    missing = [source for source in sources if not source.is_ready()]
    for source in sources:
        _log.info("%s%s", source.describe(), "" if source in missing else "  (there already)")
    for source in missing:
        source.fetch()
    for side, folder in folders.items():
        _report(side, folder)
    return 0


def _report(side: str, folder: Any) -> None:
    counts = {split: len(folder.files(split)) for split in ("train", "val")}
    if not sum(counts.values()):
        raise UserError(f"{side}: no images below {folder.root}; {folder.how_to or 'put yours there'}")
    _log.info("%-8s %d images to train on, %d held out, below %s", side, counts["train"], counts["val"], folder.root)


def main() -> None:
    """The verb."""
    run_verb("prepare", prepare)


if __name__ == "__main__":
    main()
