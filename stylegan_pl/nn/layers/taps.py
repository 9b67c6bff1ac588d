"""Reads features between the layers of a chain; layers after the deepest tap are not run."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features


class Tap(NamedTuple):
    """A position between the layers of a chain, at which features are read."""

    depth: int  # number of layers before it; 0 is the image itself
    channels: int  # channels of the features


def read_taps(layers: nn.Sequential, image: Tensor, taps: Mapping[str, Tap], wanted: Sequence[str]) -> Features:
    """Features at the `wanted` taps, (N, C, h, w) each, in that order.

    Raises:
        ValueError: there is no such tap.
    """
    check_taps(wanted, taps)
    depths = {name: taps[name].depth for name in wanted}
    found = {0: image}
    for depth, layer in enumerate(islice(layers, max(depths.values(), default=0)), start=1):
        image = layer(image)
        if depth in depths.values():
            found[depth] = image
    return {name: found[depth] for name, depth in depths.items()}


def check_taps(wanted: Sequence[str], known: Mapping[str, object]) -> None:
    """Raise for the first name that is not a tap.

    Raises:
        ValueError: the message lists the taps.
    """
    for name in wanted:
        if name not in known:
            raise ValueError(f"there is no tap '{name}'; this encoder has {', '.join(known)}")
