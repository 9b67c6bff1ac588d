"""Base of metrics of clips with one value per step from a frame to the next."""

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.gather import refuse_to_gather
from stylegan_pl.metrics.kinds import ClipMetric, Interval, full_precision
from stylegan_pl.metrics.per_picture import check_pairs


class Frame(NamedTuple):
    """A frame of the stylised clip and of its original, both (3, H, W) in [-1, 1]."""

    stylised: Tensor
    content: Tensor


class PerStep(ClipMetric):
    """Keeps every step's values; the score is the mean of the first value, the factors are the means of the others.

    Successive steps are correlated, but the bootstrap assumes independence: so the interval of a clip is too narrow,
    and says nothing about other clips.
    """

    steps: list[Tensor]
    factor_names: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__(dist_sync_fn=refuse_to_gather)
        self.add_state("steps", default=[], dist_reduce_fx="cat")
        self._last: Frame | None = None  # last frame of the previous batch

    def update(self, stylised: Tensor, content: Tensor) -> None:
        """Add the next frames, both (T, 3, H, W) in [-1, 1]; `reset` starts another clip.

        Raises:
            ValueError: the numbers or sizes of frames differ, or sizes change within the clip.
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
        """Remove the clip."""
        super().reset()
        self._last = None

    @property
    def n_pictures(self) -> int:
        """Number of frames."""
        return 0 if self._last is None else 1 + sum(len(rows) for rows in self._rows())

    def _rows(self) -> list[Tensor]:
        # in torchmetrics, a state is a list on one rank and a tensor after gathering
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
