"""The name of a run or sweep without `run_name=`: that of its experiment's file, otherwise its method."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import OmegaConf
from yaml import YAMLError

from stylegan_pl.config.conf_dir import conf_dir

METHOD = "vanilla"  # conf/train.yaml's
_NAMES = re.compile(r"[\w./-]+(?:,[\w./-]+)*")  # one name, or several with -m
_CHOICE = re.compile(r"choice\((.*)\)")  # Hydra's other syntax for a sweep


def name_overrides(arguments: Sequence[str]) -> list[str]:
    """Words to add to a command line so that the run's folder has a meaningful name: `run_name=cut`.

    Adds nothing if `run_name` is typed, or if the experiment's file sets it. A sweep over methods or experiments is
    named after all of them.

    Example:
        >>> name_overrides(["model=cut", "seed=1"])
        ['run_name=cut']
        >>> name_overrides(["-m", "model=cut,cyclegan", "seed=1,2"])
        ['run_name=cut_cyclegan']
        >>> name_overrides(["+experiment=sample"])  # its file sets run_name
        []
    """
    if any(argument.lstrip("+").startswith("run_name=") for argument in arguments):
        return []
    if (primary := _of_flag(arguments, "--config-name", "-cn")) is not None:
        return _unless_named(arguments, "", [primary])
    if (experiments := _chosen(arguments, "experiment")) is not None:
        return _unless_named(arguments, "experiment", experiments)
    methods = _chosen(arguments, "model")
    return _named([METHOD] if methods is None else methods)


def _chosen(arguments: Sequence[str], group: str) -> list[str] | None:
    """The typed options of a group, several if it is swept; empty if they are unknown; None if nothing is typed."""
    pairs = (argument.lstrip("+").partition("=") for argument in arguments)
    typed = [text.replace(" ", "") for key, _, text in pairs if key == group]
    if not typed:
        return None
    names = _CHOICE.sub(r"\1", typed[-1])
    return names.split(",") if _NAMES.fullmatch(names) else []


def _unless_named(arguments: Sequence[str], group: str, names: Sequence[str]) -> list[str]:
    """The name after files of a group; a single file may set its own `run_name`."""
    if len(names) == 1:
        files = [folder / group / Path(names[0]).with_suffix(".yaml") for folder in _folders(arguments)]
        file = next(filter(Path.is_file, files), None)
        if file is None or _names_itself(file):
            return []
    return _named([Path(name).stem for name in names])


def _named(names: Sequence[str]) -> list[str]:
    return [f"run_name={'_'.join(names)}"] if names else []


def _folders(arguments: Sequence[str]) -> Iterator[Path]:
    """The folders of configs, in Hydra's order."""
    primary, added = (_of_flag(arguments, *flags) for flags in (("--config-path", "-cp"), ("--config-dir", "-cd")))
    yield conf_dir() if primary is None else Path(primary)
    if added is not None:
        yield Path(added)


def _of_flag(arguments: Sequence[str], *flags: str) -> str | None:
    """The value of one of Hydra's flags, in the next word or in the same."""
    for word, after in zip(arguments, [*arguments[1:], ""], strict=False):
        flag, equals, text = word.partition("=")
        if flag in flags:
            return text if equals else after
    return None


def _names_itself(file: Path) -> bool:
    try:
        return "run_name" in OmegaConf.load(file)
    except (OSError, YAMLError, TypeError):  # Hydra reports the error
        return True
