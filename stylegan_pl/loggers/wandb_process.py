"""Ends a W&B run and its process within a time limit, which W&B does not have."""

import contextlib
import logging
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from stylegan_pl.errors import first_line
from stylegan_pl.loggers.own_thread import NoAnswer, OwnThread

_log = logging.getLogger(__name__)

_SENDING_S = 60.0  # seconds at the end of a run for sending the rest
_A_DAY_S = 86_400.0
_CLOSING_S = 10.0  # seconds for its process, after everything is sent


def patience_s(variable: str, otherwise: float) -> float:
    """The seconds in an environment variable of W&B; `otherwise` if it is not set."""
    try:
        return float(os.environ[variable])
    except (KeyError, ValueError):
        return otherwise


def sending_s() -> float:
    """Seconds for the end of a run; as in W&B, 0 means no limit."""
    return patience_s("WANDB_FINISH_TIMEOUT", _SENDING_S) or _A_DAY_S


def finish_run() -> None:
    """Close the W&B run, also after an error, because the next job of a sweep would continue it.

    Data that cannot be sent in time stays in the run's folder, and a message says how to send it.
    """
    wandb: Any = sys.modules.get("wandb")  # not imported if the run does not use it
    if getattr(wandb, "run", None) is None:
        return
    folder, closing_s = Path(wandb.run.dir).parent, _CLOSING_S
    try:
        OwnThread().call(wandb.finish, within_s=sending_s() + _CLOSING_S)
    except Exception as error:  # its process is gone or hangs, which must not affect the run
        closing_s = 0.0
        _log.warning(
            "W&B: its run could not be closed (%s: %s); send it later: wandb sync %s",
            type(error).__name__, first_line(error), shlex.quote(str(folder)),
        )  # fmt: skip
    finally:
        end_process(within_s=closing_s)
        wandb.run = None  # in case W&B failed to close it


def end_process(*, within_s: float) -> None:
    """End W&B's process, or kill it.

    `wandb.teardown` waits for ever, and if the connection breaks before the process gets the message, it never ends.
    The process is found through private attributes of W&B; if these change, it is not killed.
    """
    import wandb
    from wandb.sdk import wandb_setup

    connection = getattr(getattr(wandb_setup, "_singleton", None), "_connection", None)
    process: subprocess.Popen[bytes] | None = getattr(getattr(connection, "_proc", None), "_process", None)
    thread = OwnThread()
    try:
        thread.call(wandb.teardown, within_s=within_s)
    except NoAnswer:
        with contextlib.suppress(NoAnswer, subprocess.TimeoutExpired):
            if process is not None:
                process.kill()
                process.wait(_CLOSING_S)
            thread.call(lambda: None, within_s=_CLOSING_S)  # runs after the calls that waited for the process
    except (Exception, SystemExit) as error:  # the process was gone already, or had its own exit code
        _log.debug("W&B's process: %r", error)
