"""Whether pictures fit into memory where onnxruntime paints them whole, found out on a smaller one."""

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stylegan_pl.errors import DataError
from stylegan_pl.inference.main_memory import main_memory_budget

LARGE = 16_000_000  # pixels; smaller ones are painted without asking
_SIDE = 1024  # of the picture that is tried: large beside what a process holds anyway


class MemoryCheck:
    """Refuses what the system would kill the process for: onnxruntime takes memory in proportion to the pixels.

    To be made before anything is painted, for what was taken once is kept.

    Args:
        paint: pictures (N, H, W, 3) -> anything.
        memory_gb: 10⁹ bytes that the process may take; None: 70 % of what is free.

    Raises:
        UserError: memory_gb is not positive.
    """

    def __init__(self, paint: Callable[[NDArray[np.uint8]], object], memory_gb: float | None) -> None:
        self.budget = main_memory_budget(memory_gb, 0)  # what pictures take is measured, too
        before = _peak_bytes()
        paint(np.zeros((1, _SIDE, _SIDE, 3), np.uint8))
        self.pixel_bytes = (_peak_bytes() - before) / _SIDE**2

    def __call__(self, name: str, width: int, height: int) -> None:
        """Raise where a picture would take more.

        Raises:
            DataError: what it would take, and what to type.
        """
        needed = self.pixel_bytes * width * height
        if needed > self.budget:
            raise DataError(
                f"{name}: {width}×{height} pixels take about {needed / 1e9:.1f} GB with model=, and "
                f"{max(self.budget, 0) / 1e9:.1f} may be taken; paint it with ckpt=, which cuts it into tiles"
            )


def _peak_bytes() -> int:
    try:
        import resource
    except ImportError:  # Windows: nothing is refused
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
