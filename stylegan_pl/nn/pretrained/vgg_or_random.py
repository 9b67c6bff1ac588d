"""VGG if its weights are available, otherwise random filters; logs which."""

import logging
from collections.abc import Mapping

from torch import Tensor

from stylegan_pl.errors import first_line
from stylegan_pl.nn.layers.features import FeatureNetwork, Features
from stylegan_pl.nn.pretrained.random_filters import RandomFilters
from stylegan_pl.nn.pretrained.vgg import VGG
from stylegan_pl.nn.pretrained.weights import WeightsError

_log = logging.getLogger(__name__)

_FILTERS_OF = {"relu1_2": "scale1", "relu2_2": "scale2", "relu3_1": "scale4", "relu4_1": "colour"}
"""Layer of VGG -> the layer of `RandomFilters` that replaces it: strokes from fine to broad, then the palette."""


class StandInFilters(FeatureNetwork):
    """Random filters with the names of VGG's layers.

    Args:
        style_layers, content_layers: VGG's names; only relu1_2, relu2_2, relu3_1 and relu4_1.
        filters: number of random filters per scale.
    """

    def __init__(
        self, *, style_layers: Mapping[str, float], content_layers: Mapping[str, float], filters: int = 64
    ) -> None:
        super().__init__(style_layers=style_layers, content_layers=content_layers)
        self._check_taps(list(_FILTERS_OF))
        scales = {_FILTERS_OF[name]: 1.0 for name in self.taps}
        self.network = RandomFilters(style_layers=scales, content_layers={}, filters=filters)

    @property
    def widths(self) -> dict[str, int]:
        """Layer -> channels, which is the number of filters."""
        return {name: self.network.widths[_FILTERS_OF[name]] for name in self.taps}

    def forward(self, image: Tensor) -> Features:
        """(N, 3, H, W) in [-1, 1] -> features by VGG's names; see `RandomFilters`."""
        found = self.network(image)
        return {name: found[_FILTERS_OF[name]] for name in self.taps}


def vgg_or_random(
    *,
    style_layers: Mapping[str, float],
    content_layers: Mapping[str, float],
    architecture: str = "vgg16",
    weights_path: str | None = None,
    pooling: str = "average",
    filters: int = 64,
) -> FeatureNetwork:
    """VGG, or random filters if no file is given and the download fails; logs which.

    Args:
        filters: number of random filters per scale.

    Raises:
        ConfigError: a file was given, but cannot be read.
    """
    layers: dict[str, Mapping[str, float]] = {"style_layers": style_layers, "content_layers": content_layers}
    try:
        network = VGG(**layers, architecture=architecture, weights_path=weights_path, pooling=pooling)
    except WeightsError as error:
        if weights_path is not None:
            raise
        _log.info(
            "image losses look through random filters: %s; pictures are better through VGG: "
            "feature_network.weights_path=FILE",
            first_line(error).split(";")[0],
        )
        return StandInFilters(**layers, filters=filters)
    _log.info("image losses look through %s", architecture)
    return network
