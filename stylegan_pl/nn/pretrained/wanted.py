"""Building a network without the pretrained weights it names: a checkpoint brings them, or only shapes matter."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_wanted: ContextVar[bool] = ContextVar("pretrained_weights_wanted", default=True)


@contextmanager
def without_pretrained() -> Iterator[None]:
    """Networks built here need no file and no connection; what would be pretrained is left as torch draws it.

    Under `torch.device("meta")` nothing is drawn, either, and only shapes are known.
    """
    token = _wanted.set(False)
    try:
        yield
    finally:
        _wanted.reset(token)


def pretrained_wanted() -> bool:
    """Whether a constructor should read its pretrained weights."""
    return _wanted.get()
