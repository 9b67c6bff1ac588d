"""Explains Hydra's composition errors in one line: what is wrong, and what to type instead."""

import re
from pathlib import Path

from hydra.errors import MissingConfigException

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.near_names import ours, ours_of_value
from stylegan_pl.config.unknown_key import Compose, no_option, not_the_verbs, unknown_key
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import nearest


def explain(error: Exception, overrides: list[str], compose: Compose, verb: str) -> str:
    """One line for a composition error.

    Args:
        overrides: the command line's.
        compose: used to look up the existing keys and groups, without the wrong override.
    """
    if isinstance(error, MissingConfigException) and error.missing_cfg_file is not None:
        return _missing_option(error, overrides)
    # Hydra names the override that it could not merge; OmegaConf's error below gives the reason
    text = str(error.__cause__ if str(error).startswith("Error merging override") and error.__cause__ else error)
    if match := re.search(r"Ambiguous value for argument '([^=']+)=([^']*)'", text):
        return _several(match.group(1), match.group(2), verb)
    if match := re.search(r"Did you mean to override (\S+)\?", text):
        return f"that group belongs to one part: type {match.group(1)}=NAME"
    if match := re.search(r"Could not override '([^']+)'", text):
        return unknown_key(match.group(1), overrides, compose, verb)
    if match := re.search(r"Could not append to config\. An item is already at '([^']+)'", text):
        return f"{match.group(1)} exists already: type it without the plus"
    if match := re.search(r"Additional config directory '([^']+)' not found", text):
        return f"--config-dir: no folder {match.group(1)}; give one of yours, laid out like conf/"
    if match := re.search(r"full_key: (\S+)", text):
        inside = re.match(r"Error merging override '?([\w.@]+)=", str(error)) if match.group(1).isdigit() else None
        return _at_key((inside or match).group(1), text, compose, verb)
    return _one_line(text)


def _several(key: str, values: str, verb: str) -> str:
    """The error for `key=1,2`, which Hydra reads as a sweep."""
    if ours(key, verb) is not None:
        return no_option(verb, key, [], values)
    runs = f"for a run of each, -m {key}={values}; " if verb == "train" else ""
    point = f"for a number with a decimal point, {key}={values.replace(',', '.')}; "
    point = point if re.fullmatch(r"-?\d,\d+", values) else ""  # not for 256,256
    return f"{key}={values}: several values; type {runs}{point}for a list, {key}=[{values}]"


def _missing_option(error: MissingConfigException, overrides: list[str]) -> str:
    group, _, option = str(error.missing_cfg_file).rpartition("/")
    if typed := next((text for text in overrides if text.replace("=", "/", 1) == str(error.missing_cfg_file)), None):
        group, _, option = typed.partition("=")
    if group == "data" and ("/" in option or Path(option).is_dir()):
        return (
            f"data={option}: data= names a kind of data set; for a folder type data_root={option} (it holds content/ "
            f"and style/), or data.content.root=PHOTOS data.style.root=PAINTINGS"
        )
    options = [name for name in error.options or [] if name] or _files(group)
    if (answer := ours_of_value(group, option)) is not None:
        return f"{group}={option} is here: {answer}"
    if not group:
        return f"no config named '{option}'{nearest(option, options)}"
    return f"{group}={option}: {group} has no option '{option}'{nearest(option, options)}"


def _files(group: str) -> list[str]:
    return sorted(path.stem for path in (conf_dir() / group).glob("*.yaml"))


def _at_key(key: str, text: str, compose: Compose, verb: str) -> str:
    first = _one_line(text)
    if refused := re.match(r"Invalid value '([^']*)', expected one of \[(\w+)", first):
        options = re.findall(r"\w+", first.partition("[")[2])
        same = next((option for option in options if option == refused.group(1).lower()), refused.group(2))
        here = ours_of_value(key, refused.group(1)) or f"{key}={same}"
        return f"{key}: {first[0].lower()}{first[1:]}; type {here}"
    if "not in" in first:  # a key of a file that the schema does not have
        known = [str(name) for name in compose([]) if name != "hydra"]
        return not_the_verbs(verb, key) if key in known else no_option(verb, key, known)
    if first.startswith("Missing mandatory value"):
        example = next((word for word in VERBS[verb].example.split() if word.startswith(f"{key}=")), f"{key}=…")
        return f"{key}= is missing; type {example}"
    return f"{key}: {first[0].lower()}{first[1:]}{_typed_instead(key, first)}"


def _typed_instead(key: str, text: str) -> str:
    """`; type …`, if OmegaConf's error about a type leaves only one correction."""
    if whole := re.search(r"Value '(\d+)\.0' of type 'float' could not be converted to Integer", text):
        return f"; type {key}={whole.group(1)}"
    if "is not Optional" in text:
        return f"; it cannot be null: type {key}=…"
    if "is not a valid bool" in text:
        return f"; type {key}=true or {key}=false"
    if "could not be converted to" in text:
        return f"; type {key}=NUMBER"
    return f"; type {key}=[…]" if "is not a ListConfig" in text else ""


def _one_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    useful = [line for line in lines if not line.startswith(("full_key", "object_type", "reference_type", "See https"))]
    return " ".join((useful or lines or ["?"])[:2])
