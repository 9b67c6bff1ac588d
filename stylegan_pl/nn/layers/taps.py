"""Reading activations in the middle of a chain of layers, without running what lies behind the deepest of them."""

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from torch import Tensor, nn

from stylegan_pl.nn.layers.features import Features


class Tap(NamedTuple):
    """A place in a chain of layers."""

    depth: int  # layers before it; 0 is the image itself
    channels: int  # of the activations there


def read_taps(layers: nn.Sequential, image: Tensor, taps: Mapping[str, Tap], wanted: Sequence[str]) -> Features:
    """The activations of the `wanted` taps, in that order.

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
    """Raise for the first name that is no tap.

    Raises:
        ValueError: names those that there are.
    """
    for name in wanted:
        if name not in known:
            raise ValueError(f"there is no tap '{name}'; this encoder has {', '.join(known)}")
