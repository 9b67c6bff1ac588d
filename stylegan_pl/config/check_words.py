"""Refuses typed words for which Hydra would print a page of help, or which it would silently misread."""

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePath
from typing import get_args, get_type_hints

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.near_names import ours, ours_of_value
from stylegan_pl.config.quoting import parsed
from stylegan_pl.config.text_keys import Kind
from stylegan_pl.config.unknown_key import PLUS_GROUPS
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import ConfigError, is_address, nearest
from stylegan_pl.runs.painters import PREFIX
from stylegan_pl.runs.painters import names as painters

WITH_VALUE = frozenset({"-c", "--cfg", "-p", "--package", "-cp", "--config-path", "-cn", "--config-name", "-cd"}) | {
    *("--config-dir", "--experimental-rerun", "-i", "--info", "-sc", "--shell-completion")
}
_FLAGS = WITH_VALUE | {
    *("-h", "--help", "--hydra-help", "--version", "--resolve", "-r", "--run", "-m", "--multirun"),
}
"""Flags of Hydra; those of `WITH_VALUE` are followed by a value."""
_MULTIRUN = frozenset({"-m", "--multirun", "hydra.mode=MULTIRUN", "--cfg", "-c", "--help", "-h", "--info", "-i"})
_WRITTEN = re.compile(r"\+{0,2}((?:output|cache|data\.cache|run_dir|hydra\.(?:run|sweep)\.dir)=)(.*)")
"""Words that name where something is written."""
_NAMED = re.compile(r"\+{0,2}run_name=['\"]?(.*)")
_OF_FLAGS = {
    **dict.fromkeys(("-c", "--cfg"), ("job", "hydra", "all")),
    **dict.fromkeys(("-i", "--info"), ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath")),
}
"""Values that some of these flags take; `-i photo.jpg` is a flag of another program."""
_SHOWS = {"-c": "--cfg", "-i": "--info", "-m": "--multirun", "-r": "--run", "-sc": "--shell-completion"}
"""Flags of which Hydra takes one."""
_OTHER_UNITS = frozenset((
    "max_steps", "max_iter", "iterations", "num_steps", "total_steps", "limit_train_batches", "limit_val_batches",
    "print_freq", "epoch", "save_latest_freq", "save_epoch_freq", "save_by_iter", "check_val_every_n_epoch",
    "val_check_interval", "val_every_n_epochs", "ema", "ema_decay", "style_weight", "sty_weight", "content_weight",
    "con_weight", "tv_weight", "q", "qscale", "workers", "num_workers", "num_threads", "threads", "nThreads",
    "stroke_size", "brush_size", "strokes", "max_time", "time_limit", "auto_scale_batch_size", "n_epochs", "niter",
    "n_epochs_decay", "niter_decay",
))  # fmt: skip
"""Flags of other programs whose number means something else here: an example stands in its place."""


def check_words(words: Sequence[str], kinds: Mapping[str, Kind], name: str) -> None:
    """Raise for the first wrong word after `python -m stylegan_pl.NAME`.

    Args:
        kinds: the keys that take texts, from `text_keys`.

    Raises:
        ConfigError: one line with what to type instead.
    """
    flags = [(*word.partition("=")[::2], after) for word, after in zip(words, [*words[1:], ""], strict=False)
             if re.match("--?[A-Za-z]", word)]  # fmt: skip
    if wrong := next((flag for flag in flags if flag[0].startswith("--") and _takes_no(*flag)), None):
        raise ConfigError(f"{wrong[0]} {wrong[1] or wrong[2]}: type {wrong[0]} {' or '.join(_OF_FLAGS[wrong[0]])}")
    if empty := next((flag for flag, value, after in flags if flag in WITH_VALUE and not value and not after), None):
        raise ConfigError(f"{empty}: no value follows it; --help shows what it takes")
    if rerun := next((value or after for flag, value, after in flags if flag == "--experimental-rerun"), None):
        raise ConfigError(f"--experimental-rerun {rerun}: to repeat a run, type --config-dir RUN --config-name config")
    if switch := next((flag for flag, value, _ in flags if flag in _FLAGS - WITH_VALUE and value), None):
        raise ConfigError(f"{switch}=…: it takes no value; type {switch}")
    shown = {_SHOWS.get(flag, flag) for flag, *_ in flags}
    ignored = () if "--cfg" in shown else ("-p", "--package")  # which part --cfg shows
    if unknown := [flag for flag in flags if flag[0] not in _FLAGS or flag[0] in ignored or _takes_no(*flag)]:
        answers = [f"{flag}: {_as_typed_here(flag, value or after, name)}" for flag, value, after in unknown]
        raise ConfigError(f"options are typed KEY=VALUE, without dashes; {'; '.join(answers)}")
    if not shown & {"-h", "--help"}:
        if "--resolve" in shown and "--cfg" not in shown:
            raise ConfigError("--resolve: it goes with --cfg; type --cfg job --resolve, or leave it out")
        if len(several := sorted(shown & set(_SHOWS.values()))) > 1:
            raise ConfigError(f"{' and '.join(several)} exclude each other; type one of them")
    if not words or kinds.get(words[0]) == "texts":
        return  # KEY TEXT TEXT …
    _check_once(words, kinds)
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if not ("=" in word or word.startswith(("-", "~")) or before in WITH_VALUE):
            typed = {word.partition("=")[0] for word in words}
            said = _bare(word, words, typed, kinds, name) or _no_option(before, word, after, kinds, name, typed)
            raise ConfigError(said)
        if spaced := re.match(r"(\+{0,2}[\w.@/]+)\s+=", word):
            raise ConfigError(f"{word}: no spaces around =; type {spaced.group(1)}={word.partition('=')[2].strip()}")
        if re.fullmatch(r"\+{0,2}[\w.@/]+=", word):
            key = word.strip("+=")
            none = _none(key, name)
            raise ConfigError(
                f"{key}= has no value; type it directly after the =" + f", or {none} for none" * bool(none)
            )
        if (written := _WRITTEN.match(word)) and is_address(written[2].lstrip("'\"")):
            raise ConfigError(f"{word}: nothing is written to an address; type {written[1]}FOLDER of this machine")
        if (named := _NAMED.match(word)) and _leaves_its_folder(named[1]):
            raise ConfigError(
                f"{word}: a name stays inside outputs/; for a folder elsewhere, type hydra.run.dir=FOLDER"
            )
        if re.match(r"\+(experiment|debug)=", word) and name not in ("train", "preview"):
            raise ConfigError(f"{word}: recipes are for train and preview; leave it out")
        _check_group(word, name)
    sweep = next((word for word in words if re.match(r"sweep[=.]", word)), None)
    if sweep is not None and not _MULTIRUN & {*words, *(word.partition("=")[0] for word in words)}:
        raise ConfigError(f"{sweep}: a sweep is started with -m; type -m {sweep} KEY=A,B, or leave it out")


def _leaves_its_folder(name: str) -> bool:
    path = PurePath(name)
    return path.is_absolute() or ".." in path.parts


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


def _none(key: str, name: str) -> str | None:
    """What to type to have none of a group, or no value of an option; None: one is needed."""
    folder = conf_dir() / key.partition("@")[0]
    if (folder / "none.yaml").is_file():
        return f"{key}=none"
    field = next((field for field in fields(VERBS[name].schema) if field.name == key), None)  # type: ignore[arg-type]  # a verb with options
    if field is None:
        return None
    if folder.is_dir():
        return f"'~{key}'" if field.default is None else f"{key}=[]" if key == "metric" else None
    return f"{key}=null" if type(None) in get_args(get_type_hints(VERBS[name].schema)[key]) else None


def _check_group(word: str, name: str) -> None:
    """Raise for `logger=null` or `augment=false`: Hydra needs a name, and would answer with a traceback."""
    key, _, text = word.lstrip("+").partition("=")
    if key == "debug":
        off = dict.fromkeys(("0", "no", "off", "none", "null"), "debug=false")
        said = {"1": "debug=true", "yes": "debug=true", "on": "debug=true", "smoke": "+debug=smoke", **off}.get(
            text.lower()
        )
        if said is not None and word != said:
            raise ConfigError(f"{word}: type {said}")
        if name not in ("train", "preview"):
            raise ConfigError(f"{word}: type debug=true or debug=false")
    if word.startswith("++") and (conf_dir() / key.partition("@")[0]).is_dir():
        plus = "+" * (key in PLUS_GROUPS)
        raise ConfigError(f"{word}: ++ is for single options, and {key} is a group; type {plus}{key}={text}")
    folder = conf_dir() / key.partition("@")[0]
    listed = re.findall(r"[\w.]+", text) if text.startswith("[") and folder.is_dir() else []
    if twice := next((name for name in listed if listed.count(name) > 1), None):
        raise ConfigError(f"{word}: {twice} is there twice; type {key}=[{','.join(dict.fromkeys(listed))}]")
    if not folder.is_dir() or not isinstance(value := parsed(text), bool | int | float | None):
        return
    if not value:
        if key == "experiment":
            raise ConfigError(f"{word}: leave it out to have no recipe")
        if none := _none(key, name):
            raise ConfigError(f"{word}: a group needs a name; to have none, type {none}")
    names = ", ".join(sorted(path.stem for path in folder.glob("*.yaml")))
    plus = "+" * (key in PLUS_GROUPS)
    raise ConfigError(f"{word}: a group needs a name; type {plus}{key}=NAME, one of {names}")


def _bare(word: str, words: Sequence[str], typed: set[str], kinds: Mapping[str, Kind], name: str) -> str | None:
    """What to type for a word alone that names a run, a painter, a recipe or a method."""
    alone = [other for other in words if "=" not in other and not other.startswith(("-", "~")) and other != "compare"]
    generator = {"ckpt", "painter", "model"}
    there = [group for group in ("experiment", "model") if (conf_dir() / group / f"{word}.yaml").is_file()]
    if "compare" in kinds and (len(alone) > 1 or (alone and "compare" in words)):
        instead = f"compare {' '.join(alone)}"
    elif "painter" in kinds and not generator & typed and word.removeprefix(PREFIX) in painters():
        instead = f"painter={word.removeprefix(PREFIX)}"
    elif "ckpt" in kinds and not generator & typed and _is_run(Path(word)):
        instead = f"ckpt={word}"
    elif name in ("train", "preview") and there and there[0] not in typed:
        instead = f"{'+' if there[0] == 'experiment' else ''}{there[0]}={word}"
    else:
        return None
    return f"'{word}' is not an option; options are typed KEY=VALUE; type {instead}"


def _is_run(path: Path) -> bool:
    return path.suffix in (".ckpt", ".safetensors") or (path / "checkpoints").is_dir()


def _no_option(before: str, word: str, after: str, kinds: Mapping[str, Kind], name: str, typed: set[str]) -> str:
    key, equals, text = before.partition("=")
    places = ("input", "output") if "input" in kinds else ()
    missing = next((place for place in places if place not in typed), None)
    if missing is not None and (Path(word).exists() or (equals and (Path(text).exists() or key == "painter"))):
        return f"'{word}' is not an option; options are typed KEY=VALUE; type {shlex.quote(f'{missing}={word}')}"
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
        plus = "+" if key in PLUS_GROUPS else ""
        return f"type {plus}{key}={'true' if hints.get(key) is bool else 'VALUE'}"
    near = nearest(key, known)
    return f"no option '{key}'{near if 'did you mean' in near else '; --help lists them'}"


def _as_typed_here(flag: str, value: str, name: str) -> str:
    """What to type instead of another program's flag, with the typed value."""
    key = flag.lstrip("-").replace("-", "_")
    value = "" if re.match("--?[A-Za-z]", value) or "=" in value else value
    if value and (known := ours_of_value(key, value, name)) is not None:
        return f"type {known}"
    if key == "dataroot" and name == "train" and Path(value, "trainA").is_dir():
        roots = (f"data.content.root={value}/trainA", f"data.style.root={value}/trainB")
        return f"type {shlex.join(roots)}"
    answer, opening, note = (ours(flag, name) or _own(_inside(key, name), name)).partition(" (")
    if key not in _OTHER_UNITS:
        answer = _with_value(answer, value)
    no_path = _is_epoch(value) if "RUN_OR_FILE" in answer else value.isdigit() and re.search("FOLDER|PHOTO", answer)
    if value and (Path(value).exists() or not no_path):
        answer = re.sub(r"=(\[?)[A-Z_]{4,}\b", lambda found: f"={found[1]}{value}", answer, count=1)
    return f"{answer}{opening}{note}"


def _with_value(answer: str, value: str) -> str:
    """The answer with a typed number or bool in place of its first example's, everywhere."""
    number = r"-?\d[\d.]*(?:e-?\d+)?"
    for kind in (number, "true|false"):
        example = re.search(rf"=(\[?)({kind})(?=[,\]\s]|$)", answer)
        if example is not None and re.fullmatch(kind, value.lower()):
            return re.sub(rf"=(\[?){re.escape(example[2])}(?=[,\]\s]|$)", rf"=\g<1>{value.lower()}", answer)
    return answer


def _is_epoch(value: str) -> bool:
    """Whether it names an epoch in other programs, and so cannot stand for a run or a file."""
    return value.isdigit() or value in ("latest", "best", "last")
