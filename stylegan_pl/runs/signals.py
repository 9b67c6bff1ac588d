"""The signals that ask a command to end."""

import signal
from collections.abc import Iterable


def handled(names: Iterable[str]) -> list[signal.Signals]:
    """Those of these signals that this system has; a closed terminal stays ignored where `nohup` has it ignored."""
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]  # Windows has no HUP, no USR1
    return [n for n in numbers if n.name != "SIGHUP" or signal.getsignal(n) is not signal.SIG_IGN]
