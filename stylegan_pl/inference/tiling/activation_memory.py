"""Predicts the memory of a network's activations for large pictures from two small ones."""

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

WORKSPACE = 1.5  # factor for memory of convolution libraries and allocators besides tensors


@torch.no_grad()
def bytes_per_pixel(network: nn.Module, stride: int, *, device: torch.device, dtype: torch.dtype) -> float:
    """Peak memory of a forward pass, bytes per pixel, input and output included.

    It is the slope between two sizes, so constant parts (weights, their half-precision copies) cancel out.

    Args:
        network: (1, 3, H, W) -> the same, sides multiples of `stride`; on `device`.
        dtype: of the arithmetic; float32, or half precision under autocast.
    """
    small, large = (-(-side // stride) * stride for side in (64, 128))
    if small == large:
        large = 2 * small
    peaks = []
    for side in (small, large):
        picture = torch.zeros(1, 3, side, side, device=device)
        with torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32), _LiveBytes() as live:
            network(picture)
        peaks.append(live.peak + picture.nbytes)
    return WORKSPACE * (peaks[1] - peaks[0]) / (large**2 - small**2)


class _LiveBytes(TorchDispatchMode):
    """Counts the bytes of storages created while it is active, and the peak of those alive."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.peak = 0, 0
        self.known: dict[int, int] = {}

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """torch's hook, called for every operation."""
        given = {leaf.untyped_storage()._cdata for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, Tensor)}
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                storage = leaf.untyped_storage()
                if storage._cdata not in given and storage._cdata not in self.known:
                    self._born(storage)
        return result

    def _born(self, storage: torch.UntypedStorage) -> None:
        key = storage._cdata
        self.known[key] = storage.nbytes()
        self.now += self.known[key]
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._died, key)

    def _died(self, key: int) -> None:
        self.now -= self.known.pop(key, 0)
