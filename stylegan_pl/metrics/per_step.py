"""Metrics of a clip that give each step from one frame to the next a value of its own."""

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.gather import refuse_to_gather
from stylegan_pl.metrics.kinds import ClipMetric, Interval, full_precision
from stylegan_pl.metrics.per_picture import check_pairs


class Frame(NamedTuple):
    """Of the stylised clip and of its original, (3, H, W) in [-1, 1] each."""

    stylised: Tensor
    content: Tensor


class PerStep(ClipMetric):
    """Every step's values are kept; the score is the mean of the first, the means of the others are its factors.

    Steps that follow each other are alike, and the bootstrap takes them for independent: the interval of a clip is too
    narrow, and says nothing of other clips.
    """

    steps: list[Tensor]
    factor_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=refuse_to_gather)
        self.add_state("steps", default=[], dist_reduce_fx="cat")
        self._last: Frame | None = None  # of the batch before

    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add frames that follow those before, (T, 3, H, W) in [-1, 1] each; `reset` begins another clip.

        Raises:
            ValueError: there are more of the one than of the other, or sizes differ, or change within the clip.
        """
        check_pairs(stylised, content)
        for frame in map(Frame, stylised.detach().float(), content.detach().float()):
            if self._last is not None:
                if frame.content.shape != self._last.content.shape:
                    raise ValueError(
                        f"a clip's frames are of one size, got {tuple(frame.content.shape)} after "
                        f"{tuple(self._last.content.shape)}; call reset() before another clip"
                    )
                with full_precision(frame.content.device):
                    before = Frame(*(picture.to(frame.content.device) for picture in self._last))
                    self.steps.append(self._step(before, frame)[None])
            self._last = frame

    @abstractmethod
    def _step(self, before: Frame, after: Frame) -> Tensor:
        """The value of a step and its factors, (1 + factors,)."""

    def reset(self) -> None:
        """Forget the clip."""
        super().reset()
        self._last = None

    @property
    def n_pictures(self) -> int:
        """Frames."""
        return 0 if self._last is None else 1 + sum(len(rows) for rows in self._rows())

    def _rows(self) -> list[Tensor]:
        # torchmetrics hands over lists within a rank and one tensor after gathering ranks
        return self.steps if isinstance(self.steps, list) else [self.steps]

    def per_step(self) -> Tensor:
        """Each step's value and factors, (T − 1, 1 + factors).

        Raises:
            ValueError: there are fewer than two frames.
        """
        rows = [row for row in self._rows() if len(row)]
        if not rows:
            raise ValueError("there are no two frames to compare; call update(stylised, content) with a clip first")
        return torch.cat(rows)

    def _value(self) -> Tensor:
        return self.per_step()[:, 0].nanmean()

    def _factors(self) -> dict[str, float]:
        means = self.per_step()[:, 1:].nanmean(dim=0).tolist()
        return dict(zip(self.factor_names, means, strict=True))

    def _interval(self, samples: int, value: float) -> Interval:
        return bootstrap_interval(self.per_step()[:, 0], torch.nanmean, samples=samples)
