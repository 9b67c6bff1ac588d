"""Replaces layers by faster equivalents with the same results, parameters, names and checkpoints."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from stylegan_pl.nn.fast.instance_norm import LayoutKeepingInstanceNorm
from stylegan_pl.nn.fast.subpixel import SubpixelResizeConv
from stylegan_pl.nn.fast.winograd import WinogradConv2d
from stylegan_pl.nn.layers.blocks import Block


def keep_layout(module: nn.Module) -> None:
    """Replace instance norms by ones that keep channels-last features channels-last; in place."""
    _become(module, LayoutKeepingInstanceNorm.suits, LayoutKeepingInstanceNorm)


def multiply_less(module: nn.Module) -> None:
    """Replace convolutions by ones with fewer multiplications, where sizes allow it; in place."""
    _become(module, SubpixelResizeConv.suits, SubpixelResizeConv)
    _become(module, WinogradConv2d.suits, WinogradConv2d)


def recompute_blocks(module: nn.Module) -> None:
    """Let residual blocks keep only their input for the backward pass, and recompute the rest; in place."""
    for layer in module.modules():
        if isinstance(layer, Block):
            layer.recompute = True


def show_channels_last(network: nn.Module) -> None:
    """Convert a network's input to channels-last memory; in place, and only once."""
    if not any(hook is _channels_last for hook in network._forward_pre_hooks.values()):
        network.register_forward_pre_hook(_channels_last)


def channels_last(images: Tensor) -> Tensor:
    """The same tensor, (N, C, H, W), in channels-last memory."""
    return images.contiguous(memory_format=torch.channels_last)


def _channels_last(network: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(channels_last(value) if isinstance(value, Tensor) and value.dim() == 4 else value for value in inputs)


def _become(module: nn.Module, suits: Callable[[nn.Module], bool], kind: type[nn.Module]) -> None:
    """Change the class of suitable layers to `kind`, a subclass of theirs without own state.

    torch's parametrisations do the same. Optimizers, hooks and averages keep their references to the layers.
    """
    for layer in module.modules():
        if suits(layer):
            layer.__class__ = kind
