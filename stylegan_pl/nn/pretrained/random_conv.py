"""A convolution that is drawn once from a seed and never trained."""

import torch
from torch import nn
from torch.nn.init import kaiming_normal_


def random_conv(
    before: int, after: int, size: int, generator: torch.Generator, *, stride: int = 1, nonlinearity: str = "linear"
) -> nn.Conv2d:
    """`size` × `size`, no bias, He's initialisation from the given generator, which keeps the scale of features.

    Args:
        before, after: input and output channels.
        nonlinearity: of the following layer; for `relu` the gain is √2.
    """
    conv = nn.Conv2d(before, after, size, stride=stride, padding=size // 2, bias=False)
    if not conv.weight.is_meta:  # on the meta device there are only shapes
        kaiming_normal_(conv.weight, nonlinearity=nonlinearity, generator=generator)  # type: ignore[arg-type]  # a str here, a Literal there
    return conv
