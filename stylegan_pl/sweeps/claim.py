"""Decides whether a sweep's folder belongs to a grid or to a study, also if two are started at the same time."""

import uuid
from pathlib import Path

from stylegan_pl.errors import ConfigError
from stylegan_pl.pictures.whole_file import written_whole
from stylegan_pl.runs.folder import alone_in
from stylegan_pl.sweeps.job_folder import home_mark

_WAIT_S = 5.0  # another process of the same study holds the lock only while it looks and writes; a grid, as it runs


def claim_for_study(sweep_dir: Path, study: str) -> str:
    """Mark a folder as a study's, under the lock that a grid holds while it runs.

    Returns:
        A mark that distinguishes this folder from one with the same path on another machine.

    Raises:
        ConfigError: a grid runs there or has run there, or it is another study's.
    """
    mark = home_mark(sweep_dir)
    if not mark.exists():
        with alone_in(sweep_dir, doing="sweep runs", option="hydra.sweep.dir", wait_s=_WAIT_S):
            if not mark.exists():
                _write(mark, sweep_dir, study)
    home, _, owner = mark.read_text().partition("\n")
    if owner not in ("", study):
        raise ConfigError(f"{sweep_dir} holds study {owner}; type another hydra.sweep.dir for study {study}")
    return home


def _write(mark: Path, sweep_dir: Path, study: str) -> None:
    if any(sweep_dir.glob("[0-9][0-9][0-9]/status.json")):
        raise ConfigError(f"{sweep_dir} holds a grid's jobs; type another hydra.sweep.dir for this study")
    with written_whole(mark) as partial:  # others read it without the lock
        partial.write_text(f"{uuid.uuid4().hex[:12]}\n{study}")
