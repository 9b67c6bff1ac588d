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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.near_names import ours, ours_of_value
from stylegan_pl.config.schema import TEXTS
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import ConfigError, nearest

Kind = Literal["text", "texts"]
"""Whether a key takes one text, or also a list of texts."""

TEXT_PARTS: dict[str, Kind] = {
    **dict.fromkeys(("root", "cache", "folder", "into", "dir", "subdir", "run_dir", "weights_path", "teacher"), "text"),
    **dict.fromkeys(("problems_csv", "storage", "study", "project", "wandb.group", "entity", "name", "title"), "text"),
    **dict.fromkeys(("how_to", "url", "md5", "sha256", "searchpath", "smaller"), "text"),
    **dict.fromkeys(("experiment_name", "run_name", "tracking_uri", "registry"), "text"),
    **dict.fromkeys(("include", "tags"), "texts"),
}  # fmt: skip
"""The last one or two parts of a key inside a group -> kind; options of conf/ that take paths or names."""

_WITH_VALUE = frozenset({"-c", "--cfg", "-p", "--package", "-cp", "--config-path", "-cn", "--config-name", "-cd"}) | {
    *("--config-dir", "--experimental-rerun", "-i", "--info", "-sc", "--shell-completion")
}
_FLAGS = _WITH_VALUE | {
    *("-h", "--help", "--hydra-help", "--version", "--resolve", "-r", "--run", "-m", "--multirun"),
}
"""Flags of Hydra."""
_MULTIRUN = frozenset({"-m", "--multirun", "hydra.mode=MULTIRUN", "--cfg", "-c", "--help", "-h", "--info", "-i"})
_OF_FLAGS = {
    **dict.fromkeys(("-c", "--cfg"), ("job", "hydra", "all")),
    **dict.fromkeys(("-i", "--info"), ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")),
}
"""Values that some of these flags take; `-i photo.jpg` is a flag of another program."""
_OPENING, _CLOSING = "([{", ")]}"
_UNREADABLE = object()


def for_hydra(words: Sequence[str], name: str) -> list[str]:
    """The words after `python -m stylegan_pl.NAME`, rewritten in Hydra's grammar.

    Raises:
        ConfigError: a word is neither a flag of Hydra's nor key=value; one line with what to type instead.
    """
    verb = VERBS[name]
    assert verb.schema is not None
    kinds, sweeps = dict(_kinds(verb.schema)), bool({"-m", "--multirun", "hydra.mode=MULTIRUN"} & set(words))
    _check(words, kinds, name)
    listed = _listed(words, kinds, {*verb.keys, *(field.name for field in fields(verb.schema))})
    return [_for_hydra(word, kinds, verb.keys, sweeps=sweeps) for word in [*listed, *verb.adds(words)]]


def _kinds(schema: type, place: str = "") -> Iterator[tuple[str, Kind]]:
    """The keys of a schema that take texts."""
    hints = get_type_hints(schema, include_extras=True)
    for field in fields(schema):
        hint = hints[field.name]
        options = set(get_args(hint)) - {type(None)} if type(None) in get_args(hint) else {hint}
        if is_dataclass(hint):
            yield from _kinds(hint, f"{place}{field.name}.")  # type: ignore[arg-type]  # a class, not an instance
        elif options == {str}:
            yield f"{place}{field.name}", "text"
        elif options == {list[str]} or (get_origin(hint) is Annotated and TEXTS in hint.__metadata__):
            yield f"{place}{field.name}", "texts"


def _listed(words: Sequence[str], kinds: Mapping[str, Kind], keys: set[str]) -> list[str]:
    """`KEY A B key=value` -> `KEY=['A','B'] key=value`."""
    if not words or kinds.get(words[0]) != "texts":
        return list(words)
    groups = {path.name for path in conf_dir().iterdir() if path.is_dir()}
    known = {"hydra"} | groups | keys

    def is_option(word: str) -> bool:
        key, equals, _ = word.partition("=")
        return word.startswith("-") or (bool(equals) and re.split(r"[.@/]", key.lstrip("+~"))[0] in known)

    texts = [word for word in words[1:] if not is_option(word)]
    return [f"{words[0]}=[{','.join(map(_quoted, texts))}]", *filter(is_option, words[1:])]


def _for_hydra(word: str, kinds: Mapping[str, Kind], keys: Mapping[str, str], *, sweeps: bool) -> str:
    key, equals, text = word.partition("=")
    if not equals or key.startswith(("-", "~")):
        return word
    plus = key[: len(key) - len(key.lstrip("+"))]
    key = key.lstrip("+")
    key = keys.get(key, key)
    kind = kinds.get(key) or _kind_inside(key)
    if kind is None:
        return f"{plus}{key}={_whole(text) if _parsed(text) is _UNREADABLE else text}"
    return f"{plus}{key}={_sweep(text, kind) if sweeps else _one(text, kind)}"


def _kind_inside(key: str) -> Kind | None:
    parts = key.split(".")
    if len(parts) == 1 or "@" in key:
        return None
    return TEXT_PARTS.get(parts[-1]) or TEXT_PARTS.get(".".join(parts[-2:]))


def _whole(text: str) -> str:
    """A word that Hydra cannot parse, as one text; wrong lists, mappings and quotes stay, for Hydra's error."""
    return text if text[:1] in "[{\"'" else _quoted(text)


def _one(text: str, kind: Kind) -> str:
    if text in ("", "null") or _is_quoted(text):
        return text
    if kind == "texts" and (inside := _inside_brackets(text)) is not None:
        return f"[{','.join(_one(part, 'text') for part in _split(inside))}]"
    expanded = os.path.expanduser(text)  # noqa: PTH111 (a Path would drop a slash at the end)
    plain = "\\" not in expanded and _parsed(expanded) == expanded  # a backslash would escape the comma of a list
    return expanded if plain else _quoted(expanded)


def _sweep(text: str, kind: Kind) -> str:
    if re.match(r"[a-z_]+\(", text) and _sweeps(text):
        return text
    return ",".join(_one(part, kind) for part in _split(text))


def _quoted(text: str) -> str:
    return QuotedString(text, Quote.single).with_quotes()


def _is_quoted(text: str) -> bool:
    """Whether a word is one text in Hydra's quotes."""
    return text[:1] in ("'", '"') and isinstance(_parsed(text), QuotedString)


def _inside_brackets(text: str) -> str | None:
    """The content of `[…]`, if the word is one list; otherwise None."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    depth = 0
    for position, sign in _unquoted(text):
        depth += (sign == "[") - (sign == "]")
        if depth == 0:
            return text[1:-1] if position == len(text) - 1 else None
    return None


def _split(text: str) -> list[str]:
    """The parts between commas outside quotes and brackets."""
    depth, begin, parts = 0, 0, []
    for position, sign in _unquoted(text):
        depth += (sign in _OPENING) - (sign in _CLOSING)
        if sign == "," and depth <= 0:
            parts.append(text[begin:position])
            begin = position + 1
    return [part.strip() for part in [*parts, text[begin:]]] if text.strip() else []


def _unquoted(text: str) -> Iterator[tuple[int, str]]:
    """The characters outside quotes. A quote opens only at the start of a part: in `it's` it is a letter."""
    quote, starts = "", True
    for position, sign in enumerate(text):
        if quote:
            if sign == quote and text[position - 1] != "\\":
                quote = ""
            continue
        if starts and sign in "'\"" and sign in text[position + 1 :]:
            quote = sign
        else:
            yield position, sign
        starts = sign in ",[" or (starts and sign.isspace())


def _parsed(text: str) -> Any:
    """The value by Hydra's grammar, in its types; `_UNREADABLE` if it cannot be parsed."""
    try:
        return OverridesParser.create().parse_override(f"key={text}")._value
    except HydraException:
        return _UNREADABLE


def _sweeps(text: str) -> bool:
    try:
        return OverridesParser.create().parse_override(f"key={text}").is_sweep_override()
    except HydraException:
        return False


def _check(words: Sequence[str], kinds: Mapping[str, Kind], name: str) -> None:
    """Raise for a word for which Hydra's argument parser would print a page of help."""
    flags = [(*word.partition("=")[::2], after) for word, after in zip(words, [*words[1:], ""], strict=False)
             if re.match("--?[A-Za-z]", word)]  # fmt: skip
    if wrong := next((flag for flag in flags if flag[0].startswith("--") and _takes_no(*flag)), None):
        raise ConfigError(f"{wrong[0]} {wrong[1] or wrong[2]}: type {wrong[0]} {' or '.join(_OF_FLAGS[wrong[0]])}")
    if unknown := [flag for flag in flags if flag[0] not in _FLAGS or _takes_no(*flag)]:
        answers = [f"{flag}: {_as_typed_here(flag, value or after, name)}" for flag, value, after in unknown]
        raise ConfigError(f"options are typed KEY=VALUE, without dashes; {'; '.join(answers)}")
    if not words or kinds.get(words[0]) == "texts":
        return  # KEY TEXT TEXT …
    _check_once(words, kinds)
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if not ("=" in word or word.startswith(("-", "~")) or before in _WITH_VALUE):
            typed = {word.partition("=")[0] for word in words}
            raise ConfigError(_no_option(before, word, after, kinds, name, typed))
        if spaced := re.match(r"(\+{0,2}[\w.@/]+)\s+=", word):
            raise ConfigError(f"{word}: no spaces around =; type {spaced.group(1)}={word.partition('=')[2].strip()}")
        if re.fullmatch(r"\+{0,2}[\w.@/]+=", word):
            key = word.strip("+=")
            raise ConfigError(f"{key}= has no value; type it directly after the =, or {key}=null for none")
        if re.match(r"\+(experiment|debug)=", word) and name not in ("train", "preview"):
            raise ConfigError(f"{word}: recipes are for train and preview; leave it out")
        _check_group(word)
    sweep = next((word for word in words if re.match(r"sweep[=.]", word)), None)
    if sweep is not None and not _MULTIRUN & {*words, *(word.partition("=")[0] for word in words)}:
        raise ConfigError(f"{sweep}: a sweep is started with -m; type -m {sweep} KEY=A,B, or leave it out")


def _takes_no(flag: str, value: str, after: str) -> bool:
    """Whether one of Hydra's flags is followed by a value that it does not take."""
    given = value or ("" if "=" in after else after)
    return bool(given) and given not in _OF_FLAGS.get(flag, (given,))


def _check_once(words: Sequence[str], kinds: Mapping[str, Kind]) -> None:
    """Raise for `input=a input=b`: Hydra would silently use the last."""
    typed: dict[str, str] = {}
    for key, equals, text in (word.partition("=") for word in words):
        if equals and kinds.get(key) == "texts":
            if key in typed:
                raise ConfigError(f"{key}= is typed twice; for both, type {key}=[{typed[key]},{text}]")
            typed[key] = text


def _check_group(word: str) -> None:
    """Raise for `logger=null` or `augment=false`: Hydra needs a name, and would answer with a traceback."""
    key, _, text = word.lstrip("+").partition("=")
    folder = conf_dir() / key.partition("@")[0]
    if not folder.is_dir() or not isinstance(value := _parsed(text), bool | int | float | None):
        return
    if not value:
        none = f"{key}=none" if (folder / "none.yaml").is_file() else f"'~{key}'"
        raise ConfigError(f"{word}: a group needs a name; to have none, type {none}")
    names = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
    raise ConfigError(f"{word}: a group needs a name; type {key}=NAME, one of {names}")


def _no_option(before: str, word: str, after: str, kinds: Mapping[str, Kind], name: str, typed: set[str]) -> str:
    key, equals, text = before.partition("=")
    missing = next((place for place in ("input", "output") if place in kinds and place not in typed), None)
    if missing is not None and (Path(word).is_file() or (equals and (Path(text).exists() or key == "painter"))):
        return f"'{word}' is not an option; options are typed KEY=VALUE; type {missing}={word}"
    if equals and text.count("[") > text.count("]"):
        return f"{before} {word}: a list has commas and no spaces, as in {key}=[A,B]; or quotes around the whole word"
    if equals and key.lstrip("+") in kinds:
        return f"{before} {word}: a path or a name with spaces needs quotes, as in {key}='{text} {word}'"
    example = VERBS[name].example
    known = get_type_hints(VERBS[name].schema) if not word.startswith("+") else ()
    if after and "=" not in after and (word.startswith("+") or re.split(r"[.@]", word)[0] in known):
        example = f"{word}={after}"
    return f"'{word}' is not an option; options are typed KEY=VALUE, such as {example}"


def _inside(key: str, name: str) -> str:
    """`film.crf` for `crf`: the full key of an option that only one part of the verb's config has."""
    schema = VERBS[name].schema
    assert schema is not None
    hints = get_type_hints(schema)
    groups = [field.name for field in fields(schema) if is_dataclass(hints[field.name])]
    found = [group for group in groups if key in (field.name for field in fields(hints[group]))]
    return f"{found[0]}.{key}" if found and key not in hints else key


def _own(key: str, name: str) -> str:
    """The answer to a flag that no other program has: how to type our option, or else the nearest option."""
    known = {field.name for field in fields(VERBS[name].schema)} | {path.name for path in conf_dir().iterdir()}  # type: ignore[arg-type]  # a verb with options
    if key.partition(".")[0] in known:
        hints = get_type_hints(VERBS[name].schema)
        return f"type {key}={'true' if hints.get(key) is bool else 'VALUE'}"
    near = nearest(key, known)
    return f"no option '{key}'{near if 'did you mean' in near else '; --help lists them'}"


def _as_typed_here(flag: str, value: str, name: str) -> str:
    """What to type instead of another program's flag, with the typed value."""
    key = flag.lstrip("-").replace("-", "_")
    value = "" if re.match("--?[A-Za-z]", value) or "=" in value else value
    if value and (known := ours_of_value(key, value, name)) is not None:
        return f"type {known}"
    if key == "dataroot" and name == "train" and Path(value, "trainA").is_dir():
        return f"type data.content.root={value}/trainA data.style.root={value}/trainB"
    told, opening, note = (ours(flag, name) or _own(_inside(key, name), name)).partition(" (")
    if value and (Path(value).exists() or "RUN_OR_FILE" not in told or not _is_epoch(value)):
        told = re.sub(r"=(\[?)[A-Z_]{4,}\b", lambda found: f"={found[1]}{value}", told, count=1)
    return f"{told}{opening}{note}"


def _is_epoch(value: str) -> bool:
    """Whether it names an epoch in other programs, and so cannot stand for a run or a file."""
    return value.isdigit() or value in ("latest", "best", "last")
