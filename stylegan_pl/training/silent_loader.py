"""Says which process is silent if pictures do not come, and lets a run that waits for them be told to end."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from stylegan_pl.callbacks.graceful_stop import GracefulStop
from stylegan_pl.data.datamodule import StyleTransferData

_log = logging.getLogger(__name__)

_LOOK_S = 1.0  # seconds between two looks
_SILENT_S = 180.0  # seconds without a batch that are reported


@contextmanager
def silence_told(data: StyleTransferData, stop: GracefulStop | None) -> Iterator[None]:
    """Look every second, in another thread, how long the training has waited for its next batch.

    A worker may be stopped (SIGSTOP), or its network disk is gone: then it is silent for ever, and its death is no
    error that could be raised.
    """
    over = threading.Event()
    threading.Thread(target=_look, args=(data, stop, over), daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _look(data: StyleTransferData, stop: GracefulStop | None, over: threading.Event) -> None:
    told = False
    while not over.wait(_LOOK_S):
        silent = data.waited_s() >= _SILENT_S
        if silent and not told:
            _log.error(  # an error, so that every rank says it
                "no pictures for %.0f minutes: process %d, which reads them, is silent; is it stopped, or the disk of "
                "data.content.root or data.style.root gone? The run waits",
                _SILENT_S / 60, data.reader(),
            )  # fmt: skip
        told = silent
        if stop is not None:
            stop.say_again()
