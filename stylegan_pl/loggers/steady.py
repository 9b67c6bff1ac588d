"""Makes loggers safe: one that fails or hangs is reported once, and the run continues without it."""

import functools
import logging
from collections.abc import Callable
from typing import Any

from lightning.pytorch.loggers import Logger

from stylegan_pl.errors import first_line
from stylegan_pl.loggers.own_thread import NoAnswer, OwnThread

_log = logging.getLogger(__name__)

_CALLED = (
    "log_metrics", "log_hyperparams", "log_graph", "log_image", "log_table", "log_samples", "log_checkpoint",
    "after_save_checkpoint", "save", "finalize",
)  # fmt: skip
"""What a run, Lightning and its callbacks call."""


PATIENCE_S = 60.0
"""For any one call, unless a logger has a `patience_s` of its own, or `sending_s` for calls that send files."""
_SENDS = ("log_checkpoint", "finalize")


def steady(logger: Logger, name: str) -> Logger | None:
    """Open a logger and make every call of it safe, in place, so that its class stays the same.

    After the first exception, or a call that does not return in time, the logger is not called any more, because its
    server or process is probably gone and each call might hang. After a call that hangs, its method `let_go`, if any,
    is called.

    Args:
        name: the logger's key in the config.

    Returns:
        The logger; None if its experiment cannot be opened, which is reported. It is opened here, because an error in
        Lightning's own call could not be caught.
    """
    thread, failed = OwnThread(), False

    def patiently(function: Callable[[], Any], *, sends: bool = False) -> Any:
        patience_s = getattr(logger, "patience_s", PATIENCE_S)
        try:
            return thread.call(function, within_s=getattr(logger, "sending_s", patience_s) if sends else patience_s)
        except NoAnswer:
            if hasattr(logger, "let_go"):
                logger.let_go()
            raise

    def guarded(method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal failed
            if failed:
                return None
            try:
                return patiently(functools.partial(method, *arguments, **options), sends=method.__name__ in _SENDS)
            except Exception as error:  # libraries and servers may raise any error
                failed = True
                _log.warning(
                    "logger.%s failed and is left alone from now on (%s); the run goes on", name, _describe(error)
                )
                return None

        return call

    try:
        patiently(lambda: getattr(logger, "experiment", None))
    except Exception as error:  # as above
        _log.warning("logger.%s cannot be opened and is left out (%s); the run goes on", name, _describe(error))
        return None
    for method in _CALLED:
        if hasattr(logger, method):
            setattr(logger, method, guarded(getattr(logger, method)))
    return logger


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {first_line(error)}"
