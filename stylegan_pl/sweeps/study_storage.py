"""The storage of a study: a journal file on a shared disk, or a database."""

import os
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend


def open_storage(place: str) -> BaseStorage:
    """`sqlite:///trials.db`, `postgresql://…` -> that database; anything else is the path of a journal file.

    A journal file only needs a folder that all machines share, such as NFS.
    """
    quieten()
    if "://" in place:
        return RDBStorage(place)
    path = Path(os.path.normpath(place))  # RUN/../study.journal must work before RUN exists
    path.parent.mkdir(parents=True, exist_ok=True)
    return JournalStorage(JournalFileBackend(str(path)))


def quieten() -> None:
    """Silence Optuna's messages, because the sweep has its own summary."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
