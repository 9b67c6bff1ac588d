"""What a run, or a sweep, is called that has neither a name nor an experiment: its method."""

import re
from collections.abc import Sequence

METHOD = "vanilla"  # conf/train.yaml's
_NAMED = ("run_name=", "+experiment=", "++experiment=", "--config-name", "-cn", "--config-path", "-cp")
_METHODS = re.compile(r"\w+(?:,\w+)*")  # one, or with -m several
_CHOICE = re.compile(r"choice\((.*)\)")  # Hydra's other way to sweep them


def method_overrides(arguments: Sequence[str]) -> list[str]:
    """What is to be added to a command line so that the folder tells its method: `run_name=cut`.

    A sweep over methods is called after all of them.

    Example:
        >>> method_overrides(["model=cut", "seed=1"])
        ['run_name=cut']
        >>> method_overrides(["-m", "model=cut,cyclegan", "seed=1,2"])
        ['run_name=cut_cyclegan']
        >>> method_overrides(["+experiment=sample"])
        []
    """
    if any(argument.lstrip().startswith(_NAMED) for argument in arguments):
        return []
    typed = [argument.partition("=")[2].replace(" ", "") for argument in arguments if argument.startswith("model=")]
    name = _CHOICE.sub(r"\1", typed[-1]) if typed else METHOD
    return [f"run_name={name.replace(',', '_')}"] if _METHODS.fullmatch(name) else []
