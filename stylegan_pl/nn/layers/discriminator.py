"""What a discriminator says: logits, of one head or of several."""

from torch import Tensor, nn

Heads = list[Tensor]
"""Logits of each head, (N, …) of any shape; a head is a scale, a layer or a member of several discriminators."""


def heads(discriminator: nn.Module, image: Tensor) -> Heads:
    """The discriminator's logits in float32, as a list whether it has one head or many."""
    logits = discriminator(image)
    return [head.float() for head in (logits if isinstance(logits, list) else [logits])]


def head_weights(discriminator: nn.Module, count: int) -> list[float]:
    """How much each head counts: `discriminator.head_weights`, else all alike, summing to 1."""
    return list(getattr(discriminator, "head_weights", [1 / count] * count))
