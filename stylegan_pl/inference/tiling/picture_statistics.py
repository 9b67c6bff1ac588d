"""Uses one picture's normalisation statistics for all of its tiles, so that the tiles agree."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.functional import batch_norm

from stylegan_pl.nn.fast.instance_norm import LayoutKeepingInstanceNorm


@runtime_checkable
class PictureNorm(Protocol):
    """A module that normalises a picture's features by its own statistics, or by given ones.

    If `forward` does more than to normalise (an activation, a sum), `normalise_with` must do the same. A plain
    `nn.InstanceNorm2d` does not need the method.
    """

    def normalise_with(self, features: Tensor, mean: Tensor, variance: Tensor, *conditions: Any) -> Tensor:
        """forward(features, *conditions), but with these (C,) `mean` and biased `variance`."""


class Moments(NamedTuple):
    """Mean and biased variance of each channel over a picture's positions: (C,), float32."""

    mean: Tensor
    variance: Tensor


class Core(NamedTuple):
    """The part of a tile that belongs to no other tile, as fractions of its sides."""

    top: float
    bottom: float
    left: float
    right: float


Hook = Callable[[nn.Module, Tensor], Moments]


_PLAIN = (nn.InstanceNorm2d, LayoutKeepingInstanceNorm)  # these only normalise


class PictureStatistics:
    """Measures the statistics of a network's norms on one picture, and uses them for its tiles.

    `measure` takes them from a thumbnail (URST: Chen et al., 2022), which is fast and close to the whole picture's.
    Departure: `gather` can then be called for each norm in turn; it runs all tiles up to that norm. A norm's input
    depends only on earlier norms, whose statistics are exact by then; so after the last norm, tiles are exactly equal
    to the whole picture's painting.

    Args:
        network: any network; its instance norms and `PictureNorm`s are replaced during a forward pass.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.norms = [module for module in network.modules() if _is_picture_norm(module)]
        self.moments: dict[nn.Module, Moments] = {}  # in the order of the forward pass

    def measure(self, thumbnail: Tensor) -> Tensor:
        """Measure the statistics on one picture, (1, 3, h, w); returns the network's output."""
        self.moments = {}

        def measured(norm: nn.Module, features: Tensor) -> Moments:
            if norm in self.moments:
                raise ValueError(f"{type(norm).__name__} runs twice in one picture; tiles need a norm for each place")
            self.moments[norm] = _moments(features)
            return self.moments[norm]

        with self._hooked(measured):
            return self.network(thumbnail)

    def paint(self, tiles: Tensor) -> Tensor:
        """Run the network on tiles, (N, 3, h, w), with the measured statistics."""
        with self._hooked(lambda norm, _: self.moments[norm]):
            return self.network(tiles)

    @torch.no_grad()
    def reach(self, stride: int, *, at_most: int = 4096) -> int | None:
        """Radius of the receptive field in pixels, a multiple of `stride`; None: larger than `at_most`.

        Found by running the network on a strip with a column of NaN, with all norms at mean 0 and variance 1.
        """
        parameter = next(self.network.parameters(), torch.zeros(()))
        rows, width = max(16, stride), 16 * stride
        while width < 2 * at_most + stride:
            width *= 2
            strip = torch.zeros(1, 3, rows, width, device=parameter.device)
            middle = width // 2 // stride * stride
            strip[..., middle : middle + stride] = torch.nan
            with self._hooked(_neutral):
                touched = self.network(strip).isnan().any(dim=1).any(dim=1)[0].nonzero()
            first, last = int(touched.min()), int(touched.max())
            if first > 0 and last < width - 1:
                return -(-max(middle - first, last - middle - stride + 1) // stride) * stride
        return None

    def gather(self, norm: nn.Module, tiles: Iterator[tuple[Tensor, Core]]) -> None:
        """Measure one norm's input over all tiles, (1, 3, h, w) each, whose cores cover the picture exactly once."""
        pool = _Pool()

        def pooled(asking: nn.Module, features: Tensor, core: Core) -> Moments:
            if asking is norm:
                pool.add(_cut(features, core))
                raise _StopForward  # the layers after it are not needed
            return self.moments[asking]

        for tile, core in tiles:
            with self._hooked(partial(pooled, core=core)), suppress(_StopForward):
                self.network(tile)
        self.moments[norm] = pool.moments()

    @contextmanager
    def _hooked(self, moments: Hook) -> Iterator[None]:
        """Within it, each norm gets its statistics from `moments`."""

        def forward(norm: nn.Module, features: Tensor, *conditions: Any) -> Tensor:
            return _normalise(norm, features, moments(norm, features), *conditions)

        with self.replaced(forward):
            yield

    @contextmanager
    def replaced(self, forward: Callable[..., Tensor]) -> Iterator[None]:
        """Within it, each norm runs as `forward(norm, features, *conditions)`."""
        for norm in self.norms:
            vars(norm)["forward"] = partial(forward, norm)  # nn.Module.__call__ uses it instead of the class's
        try:
            yield
        finally:
            for norm in self.norms:
                del vars(norm)["forward"]


class _StopForward(Exception):
    """Ends a forward pass early."""


class _Pool:
    """Combines the moments of many parts (Chan et al., 1979), in float64 against cancellation."""

    def __init__(self) -> None:
        self.count, self.mean, self.squares = 0, torch.zeros(()), torch.zeros(())

    def add(self, features: Tensor) -> None:
        count = features.shape[0] * features.shape[-2] * features.shape[-1]
        mean, variance = (part.double().cpu() for part in _moments(features))
        total = self.count + count
        gap = mean - self.mean
        self.squares = self.squares + variance * count + gap.square() * (self.count * count / total)
        self.mean = self.mean + gap * (count / total)
        self.count = total

    def moments(self) -> Moments:
        return Moments(self.mean.float(), (self.squares / self.count).float())


def _is_picture_norm(module: nn.Module) -> bool:
    if isinstance(module, PictureNorm):
        return True
    if not isinstance(module, nn.InstanceNorm2d) or module.track_running_stats:
        return False
    if type(module) not in _PLAIN:
        raise TypeError(f"{type(module).__name__} needs a method normalise_with(features, mean, variance)")
    return True


def _normalise(norm: nn.Module, features: Tensor, moments: Moments, *conditions: Any) -> Tensor:
    mean, variance = (part.to(features.device) for part in moments)
    if isinstance(norm, PictureNorm):
        return norm.normalise_with(features, mean, variance, *conditions)
    assert isinstance(norm, nn.InstanceNorm2d)
    return batch_norm(features, mean, variance, norm.weight, norm.bias, training=False, eps=norm.eps)


def _moments(features: Tensor) -> Moments:
    variance, mean = torch.var_mean(features.float(), dim=(0, 2, 3), correction=0)
    return Moments(mean, variance)


def _neutral(_: nn.Module, features: Tensor) -> Moments:
    channels = features.shape[1]
    return Moments(torch.zeros(channels), torch.ones(channels))


def _cut(features: Tensor, core: Core) -> Tensor:
    rows, columns = features.shape[-2:]
    top, bottom = round(core.top * rows), round(core.bottom * rows)
    left, right = round(core.left * columns), round(core.right * columns)
    return features[..., top:bottom, left:right]
