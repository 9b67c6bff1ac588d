"""Reduces flicker: finds scenes, shares the norms' statistics within a scene, and smooths over time."""

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.tiling.picture_statistics import Moments, PictureNorm, PictureStatistics

# scene cuts
_SIDE = 32  # pixels of the thumbnail's longer side: averages out noise and small motion
_USUAL = 24  # number of last changes whose median is the usual change
_TIMES = 3.0  # a cut is a change of this many times the usual one

# smoothing
_TOLERANCE = 0.05  # of colours in [-1, 1]: a change from here on is motion, not noise
_WINDOW = 5  # pixels per side over which a change is averaged


@dataclass(frozen=True)
class Steadiness:
    """Options that reduce flicker.

    Args:
        statistics_half_life: seconds after which a frame's weight in the norms' statistics is half; None: all frames of
            the scene have equal weight; 0: each frame has its own statistics.
        smoothing: see `Smoothing`.
        cut_threshold: see `SceneCuts`.

    Raises:
        ConfigError: a number is out of range.
    """

    statistics_half_life: float | None = 2.0
    smoothing: float = 0.0
    cut_threshold: float | None = 0.1

    def __post_init__(self) -> None:
        half_life = self.statistics_half_life
        if half_life is not None and not half_life >= 0:  # also True for nan
            raise ConfigError(f"film.statistics_half_life={half_life} must be at least 0 seconds; 2 unless given")
        if not 0 <= self.smoothing < 1:
            raise ConfigError(f"film.smoothing={self.smoothing} must be at least 0 (none) and below 1; try 0.7")
        if self.cut_threshold is not None and not 0 <= self.cut_threshold <= 1:
            raise ConfigError(f"film.cut_threshold={self.cut_threshold} must be between 0 and 1; 0.1 unless given")

    def keep(self, seconds: float) -> float:
        """Factor for the weight of earlier frames after this time."""
        if self.statistics_half_life is None:
            return 1.0
        return 0.5 ** (max(seconds, 0.0) / self.statistics_half_life) if self.statistics_half_life else 0.0


class SceneCuts:
    """Finds the frames that start a scene; must see all frames in order.

    A cut is a mean change of thumbnails, |i_t − i_{t−1}| with colours in [0, 1], above `threshold` and above three
    times the median of the last changes, so that a fast pan is one scene (the rule of PySceneDetect's AdaptiveDetector,
    but without later frames). A fade is not a cut; a flash is two cuts.

    Args:
        threshold: smallest change of a cut; None: the whole film is one scene.
    """

    def __init__(self, threshold: float | None = 0.1) -> None:
        self.threshold = threshold
        self._last: Tensor | None = None
        self._changes: deque[float] = deque(maxlen=_USUAL)

    @torch.no_grad()
    def begins(self, frame: Tensor) -> bool:
        """Whether a frame, (3, H, W) in [-1, 1], starts a scene; the film's first frame does."""
        scale = min(1.0, _SIDE / max(frame.shape[-2:]))
        sides = [max(1, round(side * scale)) for side in frame.shape[-2:]]
        small = interpolate(frame[None], size=sides, mode="area")
        last, self._last = self._last, small
        if last is None:
            return True
        if self.threshold is None:
            return False
        change = float((small - last).abs().mean()) / 2
        usual = median(self._changes) if self._changes else 0.0
        self._changes.append(change)  # cuts as well: they hardly change a median, and many in a row are a fast pan
        return change > self.threshold and change > _TIMES * usual


class RunningMean:
    """m_t = Σ_k w_k x_k / Σ_k w_k over frames k ≤ t; weights w decrease exponentially with age.

    Unlike an average that starts at zero, the first frame's mean is its own value.
    """

    def __init__(self) -> None:
        self._sums: list[Tensor] = []
        self._weight = 0.0

    def add(self, values: Sequence[Tensor], keep: float) -> list[Tensor]:
        """Add a frame's values; returns the new mean.

        Args:
            keep: factor for the weight of earlier frames; 0 forgets them, 1 gives all equal weight.
        """
        if keep == 0 or not self._sums:
            self._sums, self._weight = list(values), 1.0
        else:
            self._sums = [keep * old + new for old, new in zip(self._sums, values, strict=True)]
            self._weight = keep * self._weight + 1
        return [total / self._weight for total in self._sums]


class SceneStatistics(PictureStatistics):
    """Normalises each frame by the scene's running mean of statistics, instead of by the frame's own statistics.

    With instance norms each pixel depends on all others, so a person who walks into the picture changes the sky's
    colour. The running mean prevents that. It uses earlier frames only, so frames in a batch are painted as if one by
    one.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self._means = {norm: RunningMean() for norm in self.norms}
        self.keep = 0.0  # for `measure`

    def paint_frames(self, frames: Tensor, keeps: Sequence[float]) -> Tensor:
        """Run the network on the next frames; (N, 3, H, W).

        Args:
            keeps: for each frame, the factor of `RunningMean.add`; 0 starts a scene.
        """
        with self._held(keeps):
            return self.network(frames)

    def measure(self, thumbnail: Tensor) -> Tensor:
        """Add a thumbnail of a frame to the means, which are then the statistics for the frame's tiles."""
        painted = super().measure(thumbnail)
        for norm, moments in self.moments.items():
            self.moments[norm] = Moments(*self._means[norm].add(moments, self.keep))
        return painted

    @contextmanager
    def _held(self, keeps: Sequence[float]) -> Iterator[None]:
        seen: set[nn.Module] = set()

        def forward(norm: nn.Module, features: Tensor, *conditions: Any) -> Tensor:
            if norm in seen:
                raise ValueError(f"{type(norm).__name__} runs twice in one picture; films need a norm for each place")
            seen.add(norm)
            return _normalise(norm, features, self._moments_of(norm, features, keeps), *conditions)

        with self.replaced(forward):
            yield

    def _moments_of(self, norm: nn.Module, features: Tensor, keeps: Sequence[float]) -> list[Moments]:
        """The running means after each frame, by which it is normalised."""
        variances, means = torch.var_mean(features.float(), dim=(2, 3), correction=0)  # (N, C)
        mean = self._means[norm]
        return [Moments(*mean.add(own, keep)) for *own, keep in zip(means, variances, keeps, strict=True)]


def _normalise(norm: nn.Module, features: Tensor, moments: list[Moments], *conditions: Any) -> Tensor:
    """Normalise each frame by its own (C,) mean and variance."""
    if isinstance(norm, PictureNorm):
        frames = zip(features.split(1), moments, strict=True)
        return torch.cat([norm.normalise_with(frame, *own, *conditions) for frame, own in frames])
    assert isinstance(norm, nn.InstanceNorm2d)
    mean, variance = (torch.stack(part)[..., None, None] for part in zip(*moments, strict=True))  # (N, C, 1, 1)
    scale = (variance + norm.eps).rsqrt()
    if norm.weight is not None:
        scale = scale * norm.weight[:, None, None]
    offset = -mean * scale if norm.bias is None else norm.bias[:, None, None] - mean * scale
    return (features * scale + offset).to(features.dtype)


class Smoothing:
    """O_t ← O_t + s g (O_{t−1} − O_t) with g = exp(−(c / 0.05)²).

    c is |I_t − I_{t−1}| of the original film, averaged over colours and 5 × 5 pixels.
    No optical flow is used: moving parts are not smoothed, so they leave no trail; in still parts, changes are
    multiplied by 1 − s.

    Args:
        strength: s in [0, 1); 0: no smoothing.
    """

    def __init__(self, strength: float) -> None:
        self.strength = strength
        self._last: tuple[Tensor, Tensor] | None = None  # the last original and painted frame

    def __call__(self, content: Tensor, painted: Tensor, *, begins: bool) -> Tensor:
        """Smooth the next frame; both (3, H, W) in [-1, 1].

        Args:
            begins: whether the frame starts a scene.
        """
        if self.strength == 0:
            return painted
        if self._last is not None and not begins:
            before, painted_before = self._last
            change = (content - before).abs().mean(dim=0, keepdim=True)
            change = avg_pool2d(change, _WINDOW, stride=1, padding=_WINDOW // 2, count_include_pad=False)
            still = torch.exp(-(change / _TOLERANCE).square())
            painted = torch.lerp(painted, painted_before, self.strength * still)
        self._last = content, painted
        return painted
