"""The interface of a discriminator: logits of one head or several."""

from torch import Tensor, nn

Heads = list[Tensor]
"""Logits of each head, (N, …); a head is a scale, a layer, or a member of several discriminators."""


def as_heads(logits: Tensor | Heads) -> Heads:
    """What a discriminator returned, as a list of heads."""
    return logits if isinstance(logits, list) else [logits]


def heads(discriminator: nn.Module, image: Tensor) -> Heads:
    """The discriminator's logits of an image (N, C, H, W): a list of heads, in float32."""
    return [head.float() for head in as_heads(discriminator(image))]


def head_weights(discriminator: nn.Module, count: int) -> list[float]:
    """The weight of each of `count` heads: `discriminator.head_weights`, or equal weights that sum to 1."""
    return list(getattr(discriminator, "head_weights", [1 / count] * count))
