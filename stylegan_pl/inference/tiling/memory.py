"""The memory that painting a picture may use, and the largest tile that fits."""

import math

import torch

from stylegan_pl.errors import UserError
from stylegan_pl.inference.main_memory import SHARE, check_memory_gb, free_memory, main_memory_budget


def budget_bytes(memory_gb: float | None, device: torch.device, pixels: int) -> float:
    """Bytes for activations while a picture of `pixels` pixels is painted.

    Args:
        memory_gb: memory of the process, or on the GPU, 10⁹ bytes; None: 70 % of free memory.

    Raises:
        UserError: memory_gb is not positive.
    """
    if device.type == "cpu":
        return main_memory_budget(memory_gb, pixels)
    check_memory_gb(memory_gb)
    return 1e9 * memory_gb if memory_gb is not None else SHARE * _free_on(device)


def tile_side(budget: float, pixel_bytes: float, *, overlap: int, stride: int) -> int:
    """Side in pixels of the largest square tile within the budget: at most 4096, a multiple of `stride`.

    Raises:
        UserError: the budget is too small for any tile with its overlaps.
    """
    least = 2 * overlap + max(stride, 64)
    side = int(math.sqrt(max(budget, 0) / pixel_bytes)) // stride * stride
    if side < least:
        needed = least**2 * pixel_bytes
        raise UserError(
            f"this generator needs {needed / 1e9:.1f} GB for its smallest tile ({least} pixels), and may take "
            f"{max(budget, 0) / 1e9:.1f}; raise memory_gb=, or type tile={-(-least // 2 // stride) * stride} for tiles "
            "that overlap less and agree less"
        )
    return min(side, 4096)


def _free_on(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return free_memory()  # MPS shares the machine's memory
