"""How much arithmetic a step is, and how much of the machine's it gets."""

from collections.abc import Callable

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.pairs import timed


def flops(run: Callable[[], object]) -> int:
    """Floating-point operations of the convolutions and matrix products of a call, by torch's counter: 2 a MAC."""
    counter = FlopCounterMode(display=False)
    with counter:
        run()
    return int(counter.get_total_flops())


def forward_macs(network: nn.Module, *shape: int) -> int:
    """Multiply-accumulates of a forward; build the network on the meta device, and nothing is computed."""
    device = next(network.parameters()).device
    with torch.no_grad():
        return flops(lambda: network(torch.empty(shape, device=device))) // 2


def matmul_peak(device: torch.device, dtype: torch.dtype = torch.float32, *, size: int | None = None) -> float:
    """FLOP/s of the best of several large square products: what this machine does on this day at most."""
    size = size or (8192 if device.type == "cuda" else 2048)
    a = torch.randn(size, size, device=device, dtype=dtype)
    b = torch.randn(size, size, device=device, dtype=dtype)
    return 2 * size**3 / min(timed(lambda: a @ b).seconds for _ in range(6))
