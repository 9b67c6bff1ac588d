"""Explains a key that the composed config does not have: what was meant, and what to type instead."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.lightning_switches import TRAINER
from stylegan_pl.config.near_names import ours, ours_of_value
from stylegan_pl.config.static_signature import signature_of
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import near, nearest
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


def without_plus(key: str, value: str) -> str:
    """The error for `experiment=NAME` or `debug=NAME`; a name that we do not have may be in the user's --config-dir."""
    names = sorted(path.stem for path in (conf_dir() / key).glob("*.yaml"))
    if value in names:
        return f"{key} is added with a plus: type +{key}={value}"
    return f"{key}={value}: it is added with a plus, +{key}=NAME{nearest(value, names)}"


def unknown_key(key: str, overrides: list[str], compose: Compose, verb: str) -> str:
    """The error for a key that the config does not have; arguments as of `explain`."""
    if key in PLUS_GROUPS:
        return without_plus(key, _value_of(key, overrides))
    config = _without(key, overrides, compose)
    groups = [str(group) for group in config.hydra.runtime.choices if not str(group).startswith("hydra/")]
    if "@" in key:
        group, _, place = key.partition("@")
        places = [known for known in groups if known.split("@")[0] == group]
        return f"no {group} is chosen at {place} in this run{nearest(key, places)}"
    parts = key.split(".")
    node: Any = config
    for depth, part in enumerate(parts):
        if not isinstance(node, DictConfig) or part not in node:
            if depth == 0:
                return _not_at_the_top(key, config, groups, _value_of(key, overrides), verb)
            return _not_in(node, ".".join(parts[:depth]), part, key)
        if OmegaConf.is_interpolation(node, part):
            raw = OmegaConf.to_container(node, resolve=False)
            assert isinstance(raw, dict)
            return _built_alike(".".join(parts[: depth + 1]), str(raw[part]))
        node = node[part] if OmegaConf.is_dict(node) and not OmegaConf.is_missing(node, part) else None
    return _not_a_group(key, groups)


def _value_of(key: str, overrides: list[str]) -> str:
    """The value that was typed for the key; empty if there is none."""
    return next((text.partition("=")[2] for text in overrides if _key_of(text) == key), "")


def _without(key: str, overrides: list[str], compose: Compose) -> DictConfig:
    """The config of all overrides but the key's; of none if another is wrong, too."""
    try:
        return compose([text for text in overrides if _key_of(text) != key])
    except (HydraException, OmegaConfBaseException):
        return compose([])


def _not_at_the_top(key: str, config: DictConfig, groups: list[str], value: str, verb: str) -> str:
    """The error for a key whose first part the config does not have."""
    known = [str(name) for name in config if not str(name).startswith("_") and name != "hydra"]
    known += [group for group in groups if group not in known]
    if key in known:
        return not_the_verbs(verb, key)
    if ours(key, verb) is None and (places := list(_places(config, key))):
        return f"no option '{key}'; did you mean {' or '.join(map(repr, places[:3]))}?"
    return no_option(verb, key, known, value)


def _not_in(node: Any, where: str, part: str, key: str) -> str:
    """The error for a part of a key that the node at `where` does not have."""
    if where == "trainer" and part in TRAINER:
        return f"trainer.{part} is not used here; type {TRAINER[part]}"
    if node is None and (conf_dir() / where).is_dir():
        return (
            f"no option '{key}', because no {where} is chosen; type {where}={'folders' if where == 'data' else 'NAME'}"
        )
    file = conf_dir() / where / f"{part}.yaml"
    if where == "callbacks" and file.is_file():
        return f"no option '{key}' in this run; type {where}={part}, too"
    target = node.get("_target_") if isinstance(node, DictConfig) else None
    if (instead := removed(target, part)) is not None:
        return f"{key} is no longer an option: {instead}; leave it out"
    if target is not None and key == f"{where}.{part}" and _takes(str(target), part):
        return f"{key} is not in this run's config; to add it, type a plus: +{key}=VALUE"
    known = [str(name) for name in node if not str(name).startswith("_")] if OmegaConf.is_dict(node) else []
    rest = key.removeprefix(f"{where}.{part}")
    close = near(part, [name for name in known if rest and _has(node, f"{name}{rest}".split("."))])
    if close is not None:  # the rest is right: the whole key can be named
        return f"no option '{key}'; did you mean '{where}.{close}{rest}'?"
    return f"no option '{key}'" + _with_prefix(nearest(part, known), where)


def _not_a_group(key: str, groups: list[str]) -> str:
    """The error for a key that the config has, but that was used as a group."""
    placed = [group for group in groups if group.split("@")[0] == key]
    if not placed:
        return f"no group '{key}' to choose from{nearest(key, groups)}"
    if placed[0] == key:  # `--config-name config` of a run folder: it has no defaults list
        return f"{key}: a saved config has no groups to choose from; change single values, as in seed=1"
    return f"{key} belongs to one part: type {placed[0]}=NAME"


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


def _has(node: Any, path: list[str]) -> bool:
    """Whether a config has a key, without following copies of other nodes."""
    *parents, last = path
    for name in parents:
        if not isinstance(node, DictConfig) or name not in node or OmegaConf.is_interpolation(node, name):
            return False
        node = node._get_node(name)
    return isinstance(node, DictConfig) and last in node


def _with_prefix(hint: str, where: str) -> str:
    return hint.replace("did you mean '", f"did you mean '{where}.") if where else hint


def _key_of(override: str) -> str | None:
    try:
        parsed = OverridesParser.create().parse_override(override)
        return parsed.get_key_element().lstrip("+~")  # the package, too: discriminator@model.discriminator
    except HydraException:
        return None
