"""`--json`: the result of a verb as one JSON object on standard output, for other programs."""

import codecs
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stylegan_pl.errors import ExitWithLine, exit_with


@contextmanager
def json_on_stdout(facts: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Within it, messages go to standard error; the object is written when the process exits.

    It is `{"exit_code": number, "error": text or null, …}`: `error` is the line of a command that failed, and the verb
    adds the other keys.

    Args:
        facts: returns the verb's keys; called at the end.
    """
    out, sys.stdout = sys.stdout, sys.stderr
    code: Any = 1
    error = None
    try:
        yield
    except SystemExit as left:
        code = left.code
        error = left.line.removeprefix("error: ") if isinstance(left, ExitWithLine) else None
        raise
    finally:
        sys.stdout = out
        ascii_only = codecs.lookup(out.encoding).name != "utf-8"  # others lack letters, for which JSON has escapes
        text = json.dumps({"exit_code": code, "error": error, **facts()}, ensure_ascii=ascii_only, allow_nan=False)
        out.flush()
        try:
            out.buffer.write(f"{text}\n".encode(out.encoding, "backslashreplace"))
            out.buffer.flush()
        except OSError as failure:  # the result is lost, and its reader is to know
            exit_with(1, f"error: standard output cannot be written ({failure.strerror})")
