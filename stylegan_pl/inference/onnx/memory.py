"""Estimates on two smaller pictures whether onnxruntime has enough memory to paint a whole picture."""

import sys
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stylegan_pl.errors import DataError
from stylegan_pl.inference.main_memory import main_memory_budget

LARGE = 16_000_000  # pixels; smaller pictures are not checked
_SIDES = (512, 1024)  # pixels per side of the test pictures, large enough to be measurable


class MemoryCheck:
    """Refuses pictures for which the system would kill the process.

    Memory grows by the same for each pixel. Its constant part, such as what `stroke_at` paints at its own size, cancels
    out between two pictures.

    Create it before anything is painted, because onnxruntime keeps memory that it has used once.

    Args:
        paint: called with pictures (N, H, W, 3); its result is not used.
        memory_gb: memory of the process, 10⁹ bytes; None: 70 % of free memory.

    Raises:
        UserError: memory_gb is not positive.
    """

    def __init__(self, paint: Callable[[NDArray[np.uint8]], object], memory_gb: float | None) -> None:
        self.budget = main_memory_budget(memory_gb, 0)  # 0 pixels, because the measurement includes the pictures
        peaks = []
        for side in _SIDES:
            paint(np.zeros((1, side, side, 3), np.uint8))
            peaks.append(_peak_bytes())
        self.pixel_bytes = (peaks[1] - peaks[0]) / (_SIDES[1] ** 2 - _SIDES[0] ** 2)

    def __call__(self, name: str, width: int, height: int) -> None:
        """Raise if a picture needs more memory.

        Raises:
            DataError: the message has the needed memory and what to type.
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
    except ImportError:  # on Windows nothing is refused
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
