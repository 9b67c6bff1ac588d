"""Layers run by a faster rule that gives the same results: same parameters, same names, same checkpoints."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from stylegan_pl.nn.fast.instance_norm import LayoutKeepingInstanceNorm
from stylegan_pl.nn.fast.subpixel import SubpixelResizeConv
from stylegan_pl.nn.fast.winograd import WinogradConv2d
from stylegan_pl.nn.layers.blocks import Block


def keep_layout(module: nn.Module) -> None:
    """Norms that leave channels-last features channels-last, in place."""
    _become(module, LayoutKeepingInstanceNorm.suits, LayoutKeepingInstanceNorm)


def multiply_less(module: nn.Module) -> None:
    """Convolutions with fewer multiplications, where a layer's numbers allow it; in place."""
    _become(module, SubpixelResizeConv.suits, SubpixelResizeConv)
    _become(module, WinogradConv2d.suits, WinogradConv2d)


def recompute_blocks(module: nn.Module) -> None:
    """Blocks that keep their input alone for the backward, in place."""
    for layer in module.modules():
        if isinstance(layer, Block):
            layer.recompute = True


def show_channels_last(network: nn.Module) -> None:
    """A network that is given its pictures channels-last, however they come; in place, and once."""
    if not any(hook is _channels_last for hook in network._forward_pre_hooks.values()):
        network.register_forward_pre_hook(_channels_last)


def channels_last(images: Tensor) -> Tensor:
    """(N, C, H, W), with the channels of a pixel beside each other in memory."""
    return images.contiguous(memory_format=torch.channels_last)


def _channels_last(network: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(channels_last(value) if isinstance(value, Tensor) and value.dim() == 4 else value for value in inputs)


def _become(module: nn.Module, suits: Callable[[nn.Module], bool], kind: type[nn.Module]) -> None:
    """Give layers the class `kind`, a child of theirs without state of its own.

    As torch's parametrisations do: what optimizers, hooks and averages hold of a layer stays what it is.
    """
    for layer in module.modules():
        if suits(layer):
            layer.__class__ = kind
