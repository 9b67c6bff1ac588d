"""Networks built for their shapes alone: no memory, no pretrained weights, nothing drawn."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from stylegan_pl.nn.pretrained.wanted import without_pretrained


@contextmanager
def shapes_only() -> Iterator[None]:
    """What is built here is on torch's meta device and knows its sizes; it can do nothing else."""
    with without_pretrained(), torch.device("meta"), _NothingDrawn():
        yield


class _NothingDrawn(TorchFunctionMode):
    """Leaves out first weights: on the meta device, drawing nothing makes torch import its compiler, over a second.

    And the norms that spectral normalisation starts from: thirty a layer, of no numbers.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """torch's hook, asked for every function."""
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init" or func.__name__ in ("normal_", "uniform_", "normalize"):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)
