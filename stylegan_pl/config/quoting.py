"""Hydra's grammar of values: quotes, brackets and commas in typed text."""

from collections.abc import Iterator
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Quote, QuotedString
from hydra.errors import HydraException

_OPENING, _CLOSING = "([{", ")]}"
UNREADABLE = object()
"""What `parsed` returns for text that Hydra cannot parse."""


def quoted(text: str) -> str:
    """The text in single quotes, so that Hydra takes it literally."""
    return QuotedString(text, Quote.single).with_quotes()


def is_quoted(text: str) -> bool:
    """Whether the whole text is in one pair of Hydra's quotes."""
    return text[:1] in ("'", '"') and isinstance(parsed(text), QuotedString)


def inside_brackets(text: str) -> str | None:
    """The content of `[…]`, if the whole text is one list; otherwise None."""
    if not (text.startswith("[") and text.endswith("]")):
        return None
    depth = 0
    for position, sign in _unquoted(text):
        depth += (sign == "[") - (sign == "]")
        if depth == 0:
            return text[1:-1] if position == len(text) - 1 else None
    return None


def split(text: str) -> list[str]:
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


def parsed(text: str) -> Any:
    """The value by Hydra's grammar, in its types; `UNREADABLE` if it cannot be parsed."""
    try:
        return OverridesParser.create().parse_override(f"key={text}")._value
    except HydraException:
        return UNREADABLE


def sweeps(text: str) -> bool:
    """Whether Hydra reads the text as a sweep, such as `choice(a,b)`."""
    try:
        return OverridesParser.create().parse_override(f"key={text}").is_sweep_override()
    except HydraException:
        return False
