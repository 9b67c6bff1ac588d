"""What a run is called that has neither a name nor an experiment: its method."""

import re
from collections.abc import Sequence

METHOD = "vanilla"  # conf/train.yaml's
_NAMED = ("run_name=", "+experiment=", "++experiment=", "--config-name", "-cn", "--config-path", "-cp")
_SWEEPS = {"-m", "--multirun", "hydra.mode=MULTIRUN"}  # several methods, maybe, in one folder


def method_overrides(arguments: Sequence[str]) -> list[str]:
    """What is to be added to a command line so that the run's folder tells its method: `run_name=cut`."""
    if _SWEEPS & set(arguments) or any(argument.lstrip().startswith(_NAMED) for argument in arguments):
        return []
    typed = [argument.partition("=")[2] for argument in arguments if argument.startswith("model=")]
    name = typed[-1] if typed else METHOD
    return [f"run_name={name}"] if re.fullmatch(r"\w+", name) else []
