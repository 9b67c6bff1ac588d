"""Builds networks without loading pretrained weights: if a checkpoint has them, or only shapes matter."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_wanted: ContextVar[bool] = ContextVar("pretrained_weights_wanted", default=True)


@contextmanager
def without_pretrained() -> Iterator[None]:
    """Within it, networks need no file and no connection; pretrained layers are randomly initialised instead.

    On `torch.device("meta")` they only have shapes.
    """
    token = _wanted.set(False)
    try:
        yield
    finally:
        _wanted.reset(token)


def pretrained_wanted() -> bool:
    """Whether a constructor should load its pretrained weights."""
    return _wanted.get()
