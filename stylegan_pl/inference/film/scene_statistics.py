"""Normalisation statistics that a scene's frames share, so that its painting does not flicker with them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from stylegan_pl.inference.film.running_mean import RunningMean
from stylegan_pl.inference.tiling.picture_statistics import Moments, PictureNorm, PictureStatistics


class SceneStatistics(PictureStatistics):
    """Each norm normalises a frame by the running mean of its statistics over the scene, not by the frame's alone.

    An instance norm makes every pixel depend on all others: somebody who walks in changes the sky's colour. Held
    statistics end that. What comes after a frame has no part in it, and a batch paints as its frames one by one.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__(network)
        self._means = {norm: RunningMean() for norm in self.norms}
        self.keep = 0.0  # for `measure`

    def paint_frames(self, frames: Tensor, keeps: Sequence[float]) -> Tensor:
        """What the network makes of frames that follow those before; (N, 3, H, W).

        Args:
            keeps: for each frame, see `RunningMean.add`; 0 begins a scene.
        """
        with self._held(keeps):
            return self.network(frames)

    def measure(self, thumbnail: Tensor) -> Tensor:
        """Take a small picture of a frame into the means, which are then the statistics of the frame's tiles."""
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
        """For each frame, the means that it is normalised by."""
        variances, means = torch.var_mean(features.float(), dim=(2, 3), correction=0)  # (N, C)
        mean = self._means[norm]
        return [Moments(*mean.add(own, keep)) for *own, keep in zip(means, variances, keeps, strict=True)]


def _normalise(norm: nn.Module, features: Tensor, moments: list[Moments], *conditions: Any) -> Tensor:
    """Each frame by its own (C,) mean and variance."""
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
