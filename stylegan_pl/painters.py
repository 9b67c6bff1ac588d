"""`stylegan-pl painters`: the trained painters that come with the package."""

import json
import sys
from collections.abc import Sequence

from stylegan_pl.errors import ConfigError, exit_with
from stylegan_pl.runs.painters import card_of, facts_of, names

USAGE = """List the trained painters that come with the package.

  stylegan-pl painters             name, size and a line about each
  stylegan-pl painters NAME        its card: what it was trained on, command, minutes, scores, licence
  stylegan-pl painters --json      for programs, with the paths of file, card and thumbnail

Paint by one: stylegan-pl stylize painter=NAME input=photo.jpg output=painting.jpg
All beside each other: stylegan-pl stylize painter=all input=photo.jpg output=sheet.jpg sheet=true"""


def main(words: Sequence[str] | None = None) -> None:
    """The verb.

    Args:
        words: after the verb; None: this process's.
    """
    try:
        print(answer(sys.argv[1:] if words is None else words))
    except ConfigError as error:
        exit_with(error.exit_code, f"error: {error}")
    sys.exit(0)


def answer(typed: Sequence[str]) -> str:
    """The text to print.

    Args:
        typed: nothing, a painter's name, --json or --help.

    Raises:
        ConfigError: anything else.
    """
    if {"-h", "--help"} & set(typed):
        return USAGE
    if list(typed) == ["--json"]:
        return json.dumps([facts_of(name) for name in names()], indent=2, ensure_ascii=False)
    if len(typed) > 1 or any(word.startswith("-") or "=" in word for word in typed):
        raise ConfigError(f"painters {' '.join(typed)}: type a painter's name, --json, or nothing for the list")
    if typed:
        return card_of(typed[0]).rstrip()
    return listed()


def listed() -> str:
    """The list of painters, one per line."""
    painters = [facts_of(name) for name in names()]
    if not painters:
        return "no painter is in the box"
    width = max(len(painter["name"]) for painter in painters)
    lines = [f"{p['name']:{width}}  {p['bytes'] / 1e6:.1f} MB  {p['about'] or ''}".rstrip() for p in painters]
    first = painters[0]["name"]
    return "\n".join([*lines, "", f"stylegan-pl stylize painter={first} input=photo.jpg output=painting.jpg"])


if __name__ == "__main__":
    main()
