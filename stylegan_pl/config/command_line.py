"""Rewrites a typed command line for Hydra, so that paths and names are used exactly as typed.

Hydra's grammar reads `2024_05_01` as a number, `a,b` as a sweep, and refuses `写真` or `it's`. Which words are paths or
names is known from the typed root of a verb, and below groups from the key's last part:

* `key=TEXT`: verbatim. `~` at its start is the home folder, `null` is none, `${…}` refers to another key as everywhere.
  Hydra's own quotes around the whole (`'…'` or `"…"`) may be typed and are left out.
* `key=[TEXT,TEXT]`, where a key takes several: split at commas; a text that holds a comma is quoted: `["a, b",c]`. A
  folder that is called `[a]` is typed `./[a]`.
* With `-m`, `key=TEXT,TEXT` is a sweep, as are `choice(…)` and Hydra's other functions; a text with a comma is quoted.
* `KEY TEXT TEXT …` is `KEY=[TEXT,TEXT]`, for what a shell makes of `compare runs/*`.

Hydra reads the value of any other key; a value that its grammar cannot read is quoted as one text.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from itertools import pairwise

from stylegan_pl.config.check_words import WITH_VALUE, check_words
from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.quoting import UNREADABLE, inside_brackets, is_quoted, parsed, quoted, split, sweeps
from stylegan_pl.config.text_keys import Kind, kind_of, text_keys
from stylegan_pl.config.verbs import VERBS


def for_hydra(words: Sequence[str], name: str) -> list[str]:
    """The words after `python -m stylegan_pl.NAME`, rewritten in Hydra's grammar.

    Raises:
        ConfigError: a word is neither a flag of Hydra's nor key=value; one line with what to type instead.
    """
    verb = VERBS[name]
    assert verb.schema is not None
    kinds, multirun = dict(text_keys(verb.schema)), bool({"-m", "--multirun", "hydra.mode=MULTIRUN"} & set(words))
    check_words(words, kinds, name)
    words = _shortened_last(words)
    listed = _listed(words, kinds, {*verb.keys, *(field.name for field in fields(verb.schema))})
    return [_for_hydra(word, kinds, verb.keys, multirun=multirun) for word in [*listed, *verb.adds(words)]]


def _listed(words: Sequence[str], kinds: Mapping[str, Kind], keys: set[str]) -> list[str]:
    """`KEY A B key=value` -> `KEY=['A','B'] key=value`."""
    if not words or kinds.get(words[0]) != "texts":
        return list(words)
    groups = {path.name for path in conf_dir().iterdir() if path.is_dir()}
    known = {"hydra"} | groups | keys

    def is_option(before: str, word: str) -> bool:
        key, equals, _ = word.partition("=")
        named = bool(equals) and re.split(r"[.@/]", key.lstrip("+~"))[0] in known
        return named or word.startswith("-") or before in WITH_VALUE

    both = list(pairwise(words))
    texts = [word for before, word in both if not is_option(before, word)]
    options = [word for before, word in both if is_option(before, word)]
    return [f"{words[0]}=[{','.join(map(quoted, texts))}]", *options]


def _shortened_last(words: Sequence[str]) -> list[str]:
    """The words with `+debug=…`, which shortens whatever else is typed, behind the last override; flags may follow."""
    debug = [word for word in words if word.startswith("+debug=")]
    others = [word for word in words if word not in debug]
    end = max((at + 1 for at, word in enumerate(others) if "=" in word and not word.startswith("-")), default=0)
    return [*others[:end], *debug, *others[end:]]


def _for_hydra(word: str, kinds: Mapping[str, Kind], keys: Mapping[str, str], *, multirun: bool) -> str:
    key, equals, text = word.partition("=")
    if not equals or key.startswith(("-", "~")):
        return word
    plus = key[: len(key) - len(key.lstrip("+"))]
    key = key.lstrip("+")
    key = keys.get(key, key)
    kind = kind_of(key, kinds)
    if kind is None:
        return f"{plus}{key}={_whole(text) if parsed(text) is UNREADABLE else text}"
    return f"{plus}{key}={_sweep(text, kind) if multirun else _one(text, kind)}"


def _whole(text: str) -> str:
    """A word that Hydra cannot parse, as one text; wrong lists, mappings and quotes stay, for Hydra's error."""
    return text if text[:1] in "[{\"'" else quoted(text)


def _one(text: str, kind: Kind) -> str:
    if text in ("", "null") or is_quoted(text):
        return text
    if kind == "texts" and (inside := inside_brackets(text)) is not None:
        return f"[{','.join(_one(part, 'text') for part in split(inside))}]"
    expanded = os.path.expanduser(text)  # noqa: PTH111 (a Path would drop a slash at the end)
    plain = "\\" not in expanded and parsed(expanded) == expanded  # a backslash would escape the comma of a list
    return expanded if plain else quoted(expanded)


def _sweep(text: str, kind: Kind) -> str:
    if re.match(r"[a-z_]+\(", text) and sweeps(text):
        return text
    return ",".join(_one(part, kind) for part in split(text))
