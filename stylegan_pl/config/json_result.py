"""`--json`: what a verb made, as one JSON object on standard output, for programs that call it."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stylegan_pl.errors import Left


@contextmanager
def json_on_stdout(facts: Callable[[], dict[str, Any]]) -> Iterator[None]:
    """Everything that is said meanwhile goes to standard error; the object is written when the process is left.

    It is `{"exit_code": number, "error": text or null, …}`: `error` is the line of a call that could not be made at
    all, and the rest is the verb's.

    Args:
        facts: asked at the end.
    """
    out, sys.stdout = sys.stdout, sys.stderr
    code: Any = 1
    error = None
    try:
        yield
    except SystemExit as left:
        code = left.code
        error = left.line.removeprefix("error: ") if isinstance(left, Left) else None
        raise
    finally:
        sys.stdout = out
        print(json.dumps({"exit_code": code, "error": error, **facts()}, ensure_ascii=False, allow_nan=False))
