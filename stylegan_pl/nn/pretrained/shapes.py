"""Builds networks only for their shapes, on the meta device: without memory, pretrained weights or random numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from stylegan_pl.nn.pretrained.wanted import without_pretrained


@contextmanager
def shapes_only() -> Iterator[None]:
    """Within it, networks are built on torch's meta device: they only have shapes."""
    with without_pretrained(), torch.device("meta"), _NothingDrawn():
        yield


class _NothingDrawn(TorchFunctionMode):
    """Skips initialisation, which on the meta device makes torch import its compiler, in more than a second.

    Also skips the thirty power iterations per layer with which spectral normalisation starts.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """torch's hook, called for every function."""
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init" or func.__name__ in ("normal_", "uniform_", "normalize"):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)
