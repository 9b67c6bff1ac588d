"""Explains Hydra's composition errors in one line: what is wrong, and what to type instead."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException, MissingConfigException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.lightning_switches import TRAINER
from stylegan_pl.config.near_names import ours, ours_of_value
from stylegan_pl.config.static_signature import signature_of
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import nearest
from stylegan_pl.runs.renamed import removed

Compose = Callable[[list[str]], DictConfig]
"""Overrides -> the composed config, including Hydra's own node."""

PLUS_GROUPS = ("experiment", "debug")


def no_option(verb: str, key: str, known: Iterable[str], value: str = "") -> str:
    """`no option 'lr'; type …`: names our option for another program's, or else the most similar option."""
    of_value = ours_of_value(key, value, verb)
    answer = ours(key, verb) if of_value is None else f"type {of_value}"
    if answer is None:
        known = list(known)
        theirs = _verb_of(key, verb) if known else None
        answer = nearest(key, known) if theirs is None else f"; it is an option of {theirs}, and {verb} has none such"
        return f"no option '{key}'{answer}"
    return f"no option '{key}'; {answer}"


def _verb_of(key: str, verb: str) -> str | None:
    """Another verb that has this option, or whose config has this group."""
    first = re.split(r"[.@]", key)[0]
    for name, row in VERBS.items():
        if name != verb and row.schema is not None and first in (field.name for field in fields(row.schema)):
            return name
    return None if verb == "train" or not (conf_dir() / first).is_dir() else "train"


def not_the_verbs(verb: str, key: str) -> str:
    """The error if --config-name names a config of another verb, such as a run's config.yaml."""
    return (
        f"option '{key}': the config that --config-name names is not for {verb}; leave --config-name out, or give one "
        f"that begins with defaults: [{verb}, _self_]"
    )


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
        return _unknown_key(match.group(1), overrides, compose, verb)
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


def _unknown_key(key: str, overrides: list[str], compose: Compose, verb: str) -> str:
    if key in PLUS_GROUPS:
        typed = next((text.partition("=")[2] for text in overrides if _key_of(text) == key), "NAME")
        return f"{key} is added with a plus: type +{key}={typed}"
    others = [text for text in overrides if _key_of(text) != key]
    try:
        config = compose(others)
    except (HydraException, OmegaConfBaseException):  # another override is wrong, too
        config = compose([])
    groups = [str(group) for group in config.hydra.runtime.choices if not str(group).startswith("hydra/")]
    if "@" in key:
        group, _, place = key.partition("@")
        places = [known for known in groups if known.split("@")[0] == group]
        return f"no {group} is chosen at {place} in this run{nearest(key, places)}"
    parts = key.split(".")
    node: Any = config
    for depth, part in enumerate(parts):
        if not isinstance(node, DictConfig) or part not in node:
            where = ".".join(parts[:depth])
            known = [str(name) for name in node if not str(name).startswith("_")] if OmegaConf.is_dict(node) else []
            if not where:
                known = [name for name in known if name != "hydra"] + [group for group in groups if group not in known]
                if key in known:
                    return not_the_verbs(verb, key)
                if ours(key, verb) is None and (places := list(_places(config, key))):
                    return f"no option '{key}'; did you mean {' or '.join(map(repr, places[:3]))}?"
                values = (text.partition("=")[2] for text in overrides if _key_of(text) == key)
                return no_option(verb, key, known, next(values, ""))
            if where == "trainer" and part in TRAINER:
                return f"trainer.{part} is not used here; type {TRAINER[part]}"
            target = node.get("_target_") if isinstance(node, DictConfig) else None
            if (instead := removed(target, part)) is not None:
                return f"{key} is no longer an option: {instead}; leave it out"
            if target is not None and part == parts[-1] and _takes(str(target), part):
                return f"{key} is not in this run's config; to add it, type a plus: +{key}=VALUE"
            return f"no option '{key}'" + _with_prefix(nearest(part, known), where)
        if OmegaConf.is_interpolation(node, part):
            raw = OmegaConf.to_container(node, resolve=False)
            assert isinstance(raw, dict)
            return _built_alike(".".join(parts[: depth + 1]), str(raw[part]))
        node = node[part] if OmegaConf.is_dict(node) and not OmegaConf.is_missing(node, part) else None
    if placed := [group for group in groups if group.split("@")[0] == key]:
        if placed[0] == key:  # `--config-name config` of a run folder: it has no defaults list
            return f"{key}: a saved config has no groups to choose from; change single values, as in seed=1"
        return f"{key} belongs to one part: type {placed[0]}=NAME"
    return f"no group '{key}' to choose from{nearest(key, groups)}"


def _takes(target: str, option: str) -> bool:
    """Whether a class has an option; most of Lightning's Trainer are not in its config file."""
    signature = signature_of(target)
    return signature is not None and option in signature.parameters


def _places(node: DictConfig, key: str, where: str = "") -> Iterator[str]:
    """The full keys of all options of a name, without copies of other nodes."""
    for name in map(str, node):
        if name == "hydra" or OmegaConf.is_interpolation(node, name) or OmegaConf.is_missing(node, name):
            continue
        if where and name == key:
            yield f"{where}{name}"
        elif isinstance(node[name], DictConfig):
            yield from _places(node[name], key, f"{where}{name}.")


def _built_alike(place: str, reference: str) -> str:
    """The error for a key inside a node that is a copy of another node."""
    source = reference.removeprefix("${").removesuffix("}")
    if source.startswith("."):  # relative to the node that holds it
        source = f"{place.rpartition('.')[0]}{source}"
    return f"{place} is a copy of {source}; change the original: {source}.KEY=VALUE"


def _with_prefix(hint: str, where: str) -> str:
    return hint.replace("did you mean '", f"did you mean '{where}.") if where else hint


def _at_key(key: str, text: str, compose: Compose, verb: str) -> str:
    first = _one_line(text)
    if refused := re.match(r"Invalid value '([^']*)', expected one of \[(\w+)", first):
        here = ours_of_value(key, refused.group(1)) or f"{key}={refused.group(2)}"
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
    if "is not a valid bool" in text:
        return f"; type {key}=true or {key}=false"
    if "could not be converted to" in text:
        return f"; type {key}=NUMBER"
    return f"; type {key}=[…]" if "is not a ListConfig" in text else ""


def _key_of(override: str) -> str | None:
    try:
        parsed = OverridesParser.create().parse_override(override)
        return parsed.get_key_element().lstrip("+~")  # the package, too: discriminator@model.discriminator
    except HydraException:
        return None


def _one_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    useful = [line for line in lines if not line.startswith(("full_key", "object_type", "reference_type", "See https"))]
    return " ".join((useful or lines or ["?"])[:2])
