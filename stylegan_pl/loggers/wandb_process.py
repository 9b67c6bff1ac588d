"""The end of a W&B run and of the process that sends it, neither of which W&B itself waits for with a limit."""

import contextlib
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from stylegan_pl.errors import first_line
from stylegan_pl.loggers.own_thread import NoAnswer, OwnThread

_log = logging.getLogger(__name__)

_SENDING_S = 60.0  # at the end of a run, while W&B sends what is left
_A_DAY_S = 86_400.0
_CLOSING_S = 10.0  # for its process, once nothing is left to send


def patience_s(variable: str, otherwise: float) -> float:
    """Seconds that a variable of W&B's says, where it says any."""
    try:
        return float(os.environ[variable])
    except (KeyError, ValueError):
        return otherwise


def sending_s() -> float:
    """How long the end of a run may take; 0 is as long as W&B likes, as W&B means it."""
    return patience_s("WANDB_FINISH_TIMEOUT", _SENDING_S) or _A_DAY_S


def finish_run() -> None:
    """Close the W&B run, also after an error: the next job of a sweep would go on in it.

    What cannot be sent in time stays in the run's folder, and a line says how to send it.
    """
    wandb: Any = sys.modules.get("wandb")  # not imported for a run that has no use for it
    if getattr(wandb, "run", None) is None:
        return
    folder, closing_s = Path(wandb.run.dir).parent, _CLOSING_S
    try:
        OwnThread().call(wandb.finish, within_s=sending_s() + _CLOSING_S)
    except Exception as error:  # its process is gone or hangs: the run is not
        closing_s = 0.0
        _log.warning(
            "W&B: its run could not be closed (%s: %s); send it later: wandb sync %s",
            type(error).__name__, first_line(error), folder,
        )  # fmt: skip
    finally:
        end_process(within_s=closing_s)
        wandb.run = None  # where W&B failed to close it


def end_process(*, within_s: float) -> None:
    """Have W&B's process end, or kill it.

    `wandb.teardown` waits for it for ever, and where the connection breaks before the process has read that it is to
    end, it never does. What holds the process is W&B's own business; without it nothing can be killed.
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
            thread.call(lambda: None, within_s=_CLOSING_S)  # behind what has waited for the process
    except (Exception, SystemExit) as error:  # the process was gone before, or ended with an exit code of its own
        _log.debug("W&B's process: %r", error)
