"""A mean over a scene's frames, in which older ones count less and less."""

from collections.abc import Sequence

from torch import Tensor


class RunningMean:
    """m_t = Σ_k w_k x_k / Σ_k w_k over the frames k ≤ t, where w halves with time.

    Weighted, not started from zero: the first frame's mean is its own value, and noise of the first few averages out.
    """

    def __init__(self) -> None:
        self._sums: list[Tensor] = []
        self._weight = 0.0

    def add(self, values: Sequence[Tensor], keep: float) -> list[Tensor]:
        """The mean with another frame's values.

        Args:
            keep: what is left of the weight of those before; 0 forgets them, 1 counts all alike.
        """
        if keep == 0 or not self._sums:
            self._sums, self._weight = list(values), 1.0
        else:
            self._sums = [keep * old + new for old, new in zip(self._sums, values, strict=True)]
            self._weight = keep * self._weight + 1
        return [total / self._weight for total in self._sums]
