"""A logger that fails is told once, and the run goes on without it."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from lightning.pytorch.loggers import Logger

from stylegan_pl.errors import first_line

_log = logging.getLogger(__name__)

_CALLED = (
    "log_metrics", "log_hyperparams", "log_graph", "log_image", "log_table", "log_samples", "log_checkpoint",
    "after_save_checkpoint", "save", "finalize",
)  # fmt: skip
"""What a run, Lightning and its callbacks call."""


def opens(logger: Logger, name: str) -> bool:
    """Whether its experiment can be opened, said if not: Lightning opens it where nothing can be caught any more."""
    try:
        _ = getattr(logger, "experiment", None)
    except Exception as error:  # as below
        _log.warning("logger.%s cannot be opened and is left out (%s); the run goes on", name, _told(error))
        return False
    return True


def steady(logger: Logger, name: str) -> Logger:
    """Make every call of a logger safe, in place: it stays of its class, for callbacks that ask.

    After the first exception nothing is handed to it any more: what stands behind it, a server or a process, is gone,
    and each further call might wait for it.

    Args:
        name: what it is called in the config.
    """
    failed = False

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal failed
            if failed:
                return None
            try:
                return method(*arguments, **options)
            except Exception as error:  # whatever a library or its server comes up with
                failed = True
                _log.warning("logger.%s failed and is left alone from now on (%s); the run goes on", name, _told(error))
                return None

        return call

    for method in _CALLED:
        if hasattr(logger, method):
            setattr(logger, method, guarded(getattr(logger, method)))
    return logger


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"
