"""How weights start. Frozen layers, whose weights are no parameters, and norms are left as they are."""

from collections.abc import Callable, Iterator

from torch import Tensor, nn

Init = Callable[[nn.Module], None]
"""Draws the weights of a network, in place."""


def init_normal(module: nn.Module, *, std: float = 0.02) -> None:
    """Convolutions and linear layers ~ N(0, std²), biases 0: DCGAN's and CycleGAN's initialisation, in place."""
    for weight in _weights_of(module):
        nn.init.normal_(weight, 0.0, std)


def init_xavier(module: nn.Module, *, gain: float = 0.02) -> None:
    """Convolutions and linear layers ~ N(0, 2 gain² / (fan_in + fan_out)), biases 0, in place.

    Glorot and Bengio (2010), with the small gain of CUT's reference.
    """
    for weight in _weights_of(module):
        nn.init.xavier_normal_(weight, gain)


def init_he(module: nn.Module) -> None:
    """Convolutions and linear layers ~ N(0, 2 / fan_in), biases 0, in place.

    He et al. (2015): keeps the scale of ReLU networks that have no norm to restore it.
    """
    for weight in _weights_of(module):
        nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _weights_of(module: nn.Module) -> Iterator[Tensor]:
    """The trained weights of convolutions and linear layers; their biases are set to 0 on the way."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and isinstance(layer.weight, nn.Parameter):
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            yield layer.weight
