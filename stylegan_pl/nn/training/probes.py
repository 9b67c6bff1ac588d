"""Records features inside any network, for losses that compare two networks."""

import math
from collections import Counter
from collections.abc import Mapping
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

_LEAST_SIDE = 32  # pixels per side of the test picture
_PICTURE = 3  # channels of a picture; outputs of so few channels are not features


def common_layers(networks: Mapping[str, nn.Module]) -> dict[str, dict[str, nn.Module]]:
    """The layers at which image-to-image networks can be compared: one for each resolution that all of them have.

    In each network it is the widest layer at that resolution, and of equally wide ones the last: the end of the
    residual blocks, or of the decoder. Networks are run on a grey picture, so call this after layers were replaced by
    faster equivalents.

    Returns:
        Network's name -> `1/4`, `1/2`, … -> layer, deep to shallow; empty if no resolution is common.
    """
    side = math.lcm(*map(_stride, networks.values()))
    side *= -(-_LEAST_SIDE // side)
    found = {name: _widest_layers(network, side) for name, network in networks.items()}
    common = sorted(set.intersection(*(set(layers) for layers in found.values())), reverse=True)
    return {name: {f"1/{scale}": layers[scale] for scale in common} for name, layers in found.items()}


def _stride(network: nn.Module) -> int:
    stride = getattr(network, "stride", 1)
    return stride if isinstance(stride, int) else 1  # a convolution's `stride` is a tuple, and means something else


def _widest_layers(network: nn.Module, side: int) -> dict[int, nn.Module]:
    """Scale (pixels of the picture per position) -> layer; layers that run twice are left out."""
    outputs: list[tuple[int, int, nn.Module]] = []  # scale, channels, layer; in the order in which layers end

    def note(layer: nn.Module, _: Any, output: Any) -> None:
        if isinstance(layer, nn.Upsample):  # no new features, and the faster equivalent does not have it
            return
        if isinstance(output, Tensor) and output.dim() == 4 and output.shape[1] > _PICTURE:
            channels, height, width = output.shape[1:]
            if height == width and side % height == 0:
                outputs.append((side // height, channels, layer))

    device = next(chain(network.parameters(), network.buffers())).device
    hooks = [layer.register_forward_hook(note) for layer in network.modules()]
    training = network.training
    try:
        with torch.no_grad():
            # `forward`, to avoid compiled code and other hooks
            network.eval().forward(torch.zeros(1, _PICTURE, side, side, device=device))
    finally:
        network.train(training)
        for hook in hooks:
            hook.remove()
    runs = Counter(layer for _, _, layer in outputs)
    found: dict[int, tuple[int, nn.Module]] = {}
    for scale, channels, layer in outputs:
        if runs[layer] == 1 and channels >= found.get(scale, (0, layer))[0]:
            found[scale] = channels, layer
    return {scale: layer for scale, (_, layer) in found.items()}


class Probes:
    """Records the outputs of layers during one call of their network:

        with probes:
            picture = network(image)
        probes.features  # name -> (N, C, h, w), with gradients

    Args:
        layers: name -> layer.
    """

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        self.features: dict[str, Tensor] = {}
        self._open = False
        self._hooks = [layer.register_forward_hook(self._keeper(name)) for name, layer in layers.items()]

    def _keeper(self, name: str) -> Any:
        def keep(_: nn.Module, __: Any, output: Tensor) -> None:
            if self._open:
                self.features[name] = output

        return keep

    def __enter__(self) -> "Probes":
        self.features, self._open = {}, True
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False

    def remove(self) -> None:
        """Remove the hooks from the network."""
        for hook in self._hooks:
            hook.remove()
