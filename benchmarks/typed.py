"""What is typed for a benchmark: read word by word, and kept beside what was made with it."""

import json
import re
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

from hydra.errors import HydraException
from omegaconf.errors import OmegaConfBaseException

from stylegan_pl.config.conf_dir import conf_dir
from stylegan_pl.config.verbs import VERBS
from stylegan_pl.errors import UserError, nearest

_NUMBERS = re.compile(r"\[?\d+(\.\d+)?(,\d+(\.\d+)?)*\]?")


def keyed(
    words: Sequence[str], *, numbers: Collection[str] = (), others: Collection[str] = (), verb: str | None = None
) -> dict[str, str]:
    """Words KEY=VALUE -> key: value; what cannot be meant is told before hours are spent.

    Args:
        numbers: options whose value is a number, or several with commas between them.
        others: further options.
        verb: whose options may be typed, too, as overrides of its runs.

    Raises:
        SystemExit: one line; the word, and what to type instead.

    >>> keyed(["sizes=64,128", "model.generator.width=8"], numbers=("sizes",), verb="train")
    {'sizes': '64,128', 'model.generator.width': '8'}
    """
    found, own = {}, [*numbers, *others]
    for word in words:
        key, equals, value = word.partition("=")
        if not equals:
            sys.exit(f"error: '{word}' is no KEY=VALUE")
        if key not in own and not (verb and _is_of(verb, key)):
            sys.exit(f"error: no option '{key}'{nearest(key, own)}")
        if key in numbers and not _NUMBERS.fullmatch(value):
            sys.exit(f"error: {word}: '{value}' is no number")
        found[key] = value
    return found


def _is_of(verb: str, key: str) -> bool:
    """Whether a key, or what stands before its first dot, is an option or a group of that verb."""
    schema = VERBS[verb].schema
    assert schema is not None
    groups = {path.name for path in conf_dir().iterdir() if path.is_dir()}
    first = re.split(r"[.@/]", key.lstrip("+~"))[0]
    return first in groups | {"hydra"} | {field.name for field in fields(schema)}


def chosen_of(text: str, there: Collection[str], key: str) -> list[str]:
    """`a,b` or `[a,b]` -> the names.

    Raises:
        SystemExit: one is not there; which, and the nearest.
    """
    names = text.strip("[]").split(",")
    if unknown := [name for name in names if name not in there]:
        sys.exit(f"error: {key}={text}: no '{unknown[0]}'{nearest(unknown[0], there)}")
    return names


@contextmanager
def told_in_a_line(what: str = "") -> Iterator[None]:
    """What cannot be composed or is refused within it ends the benchmark in one line, with `what` before it.

    Raises:
        SystemExit: that line.
    """
    try:
        yield
    except (HydraException, OmegaConfBaseException, UserError) as error:
        sys.exit(f"error: {what}{': ' * bool(what)}{' '.join(str(error).split())}")


def keep_words(words: list[str], folder: Path) -> None:
    """Write the words to `FOLDER.typed.json`; the order in which they are typed does not matter.

    A folder without that file was made before words were kept, and is taken as it is.

    Raises:
        SystemExit: the folder is there and was made with other words; which.
    """
    file = folder.with_name(f"{folder.name}.typed.json")
    if folder.is_dir() and file.is_file():
        then = json.loads(file.read_text())
        if set(then) != set(words):
            old, new = (
                " ".join(word for word in some if word not in others) or "–"
                for some, others in ((then, words), (words, then))
            )
            sys.exit(
                f"error: {folder} was made with other words (then: {old}; now: {new}); type another out=, or remove it"
            )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(words, indent=1) + "\n")
