"""`train` without the training: a score that is a function of the options, at once, after STUB_SECONDS or a file."""

import os
import signal
import time
from math import log10
from pathlib import Path

from stylegan_pl.config.cli import run_verb
from stylegan_pl.errors import UserError
from stylegan_pl.runs.outcome import Outcome


def train(config) -> Outcome:
    time.sleep(float(os.environ.get("STUB_SECONDS", 0)))
    while (awaited := os.environ.get("STUB_AWAITS")) and not Path(awaited).exists():
        time.sleep(0.02)
    if config.seed == 13:
        raise ZeroDivisionError("a bug of ours")
    if config.seed == 14:
        raise UserError("something to mend; type it otherwise")
    if config.seed == 15:
        os.kill(os.getpid(), signal.SIGKILL)
    if config.seed == 16:
        return Outcome(75)
    return Outcome(0, abs(log10(config.model.generator_optimizer.lr) + 3) + config.seed)


if __name__ == "__main__":
    run_verb("train", train)
