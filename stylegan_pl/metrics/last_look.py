"""Lets metrics with the same features share one network, so that each batch is computed once."""

from collections.abc import Iterable

from torch import Tensor

from stylegan_pl.metrics.features import SetFeatures
from stylegan_pl.metrics.kinds import PictureMetric
from stylegan_pl.metrics.two_sets import FeatureSets


class LastLook(SetFeatures):
    """Caches the features of the last pictures, because the next metric asks for the same.

    Pictures are identified by their memory, which is kept until others come; they must not be changed in between.

    Args:
        features: the network.
    """

    def __init__(self, features: SetFeatures) -> None:
        super().__init__()
        self.features = features
        self.resize, self.weights_name = features.resize, features.weights_name
        self.layers, self._key = features.layers, features.key
        self._last: tuple[Tensor, Tensor] | None = None

    @property
    def key(self) -> str | None:
        """The network's key."""
        return self._key

    def forward(self, images: Tensor) -> Tensor:
        """See `SetFeatures`."""
        if self._last is None or not _same_memory(self._last[0], images):
            self._last = (images, self.features(images))
        return self._last[1]


def look_once(metrics: Iterable[PictureMetric]) -> None:
    """Let metrics with the same features (network, weights, layers, resizing) share them, in place."""
    shared: dict[str, LastLook] = {}
    for metric in metrics:
        if isinstance(metric, FeatureSets) and (key := metric.features.key) is not None:
            assert metric.weights_hash is not None  # computed before the network's name in the metric changes
            metric.features = shared.setdefault(key, LastLook(metric.features))


def _same_memory(a: Tensor, b: Tensor) -> bool:
    where = [(images.data_ptr(), images.shape, images.stride(), images.dtype, images.device) for images in (a, b)]
    return where[0] == where[1] and a.numel() > 0
