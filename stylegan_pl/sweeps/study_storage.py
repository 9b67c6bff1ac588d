"""Where a study lies: a journal file that machines share, or a database."""

import os
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend


def open_storage(place: str) -> BaseStorage:
    """`sqlite:///trials.db`, `postgresql://…` -> that database; anything else is the path of a journal file.

    A journal file needs nothing but a folder that all machines see; NFS will do.
    """
    quieten()
    if "://" in place:
        return RDBStorage(place)
    path = Path(os.path.normpath(place))  # RUN/../study.journal, before there is RUN
    path.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(str(path)))


def quieten() -> None:
    """Optuna's own lines: the sweep's summary says it."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
