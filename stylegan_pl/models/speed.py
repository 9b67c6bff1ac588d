"""Makes a model's networks faster or smaller in memory, with the same results up to rounding."""

import os
import shutil

import torch
import torch._functorch.config
from torch import nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.nn.fast.equivalents import keep_layout, multiply_less, recompute_blocks, show_channels_last

_COMPILERS = ("g++", "clang++", "c++", "cl")  # compilers that torch.compile can use


def speed_up(model: nn.Module, networks: list[nn.Module], mechanics: Mechanics) -> None:
    """Apply the switches of `mechanics`, in place; a second call changes nothing.

    Args:
        model: the whole model; layers of its average and of frozen networks are replaced, too.
        networks: generators and discriminators; only these are compiled or recomputed.

    Raises:
        ConfigError: torch.compile is on, but there is no compiler.
    """
    if mechanics.channels_last:
        keep_layout(model)
        for network in networks:
            show_channels_last(network)
    if mechanics.multiply_less:
        multiply_less(model)
    if mechanics.recompute:
        for network in networks:
            recompute_blocks(network)
    if mechanics.tf32 is not None and torch.cuda.is_available():
        torch.backends.cudnn.allow_tf32 = mechanics.tf32
        torch.set_float32_matmul_precision("high" if mechanics.tf32 else "highest")
    if mechanics.compile:
        _check_compiler()
        # an adversarial share differentiates a step's graph twice, and only in some steps
        torch._functorch.config.donated_buffer = False
        for network in networks:
            # in place, so that names in checkpoints and averages stay the same
            network.compile()


def _check_compiler() -> None:
    """Raise if networks on a CPU cannot be compiled."""
    named = os.environ.get("CXX")
    if torch.cuda.is_available() or shutil.which(named or "") or any(map(shutil.which, _COMPILERS)):
        return
    raise ConfigError(
        "model.mechanics.compile=true: torch.compile needs a C++ compiler on a CPU, and there is no g++ or clang++ "
        "(nor $CXX); on Debian apt install g++, or type model.mechanics.compile=false"
    )
