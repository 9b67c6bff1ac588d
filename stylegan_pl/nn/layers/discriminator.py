"""The interface of a discriminator: logits of one head or several."""

from torch import Tensor, nn

Heads = list[Tensor]
"""Logits of each head, (N, …); a head is a scale, a layer, or a member of several discriminators."""


def heads(discriminator: nn.Module, image: Tensor) -> Heads:
    """The discriminator's logits in float32, always as a list of heads."""
    logits = discriminator(image)
    return [head.float() for head in (logits if isinstance(logits, list) else [logits])]


def head_weights(discriminator: nn.Module, count: int) -> list[float]:
    """The weight of each head: `discriminator.head_weights`, or equal weights that sum to 1."""
    return list(getattr(discriminator, "head_weights", [1 / count] * count))
