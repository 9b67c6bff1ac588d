"""Initialisation of weights. Norms, and frozen layers, whose weights are not parameters, are not changed."""

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

    Glorot and Bengio (2010), with the small gain of CUT's code.
    """
    for weight in _weights_of(module):
        nn.init.xavier_normal_(weight, gain)


def init_he(module: nn.Module) -> None:
    """Convolutions and linear layers ~ N(0, 2 / fan_in), biases 0, in place.

    He et al. (2015): keeps the scale of features in ReLU networks without norms.
    """
    for weight in _weights_of(module):
        nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _weights_of(module: nn.Module) -> Iterator[Tensor]:
    """Yield the trained weights of convolutions and linear layers, and set their biases to 0."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear) and isinstance(layer.weight, nn.Parameter):
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            yield layer.weight
