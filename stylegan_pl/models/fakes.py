"""The result of `generate`: all generated pictures of a step, which both players use."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from torch import Tensor

from stylegan_pl.nn.layers.features import Features


@dataclass(kw_only=True)
class Fakes:
    """The pictures of every method; a method with more pictures has its own subclass.

    Args:
        stylised: G(x), (N, 3, H, W) in [-1, 1], with gradients.
        identity: G(y), of the same shape; None if no loss needs it.
        features: features of G(x), float32; empty unless `FeatureGame` needs them.
        mirrored: whether G saw the photographs mirrored left to right.
    """

    stylised: Tensor
    identity: Tensor | None = None
    features: Features = field(default_factory=dict)
    mirrored: bool = False


@dataclass(kw_only=True)
class CycleFakes(Fakes):
    """Adds F(y), and F(G(x)), G(F(y)) and F(x) if their terms have a weight."""

    photograph: Tensor
    cycled_content: Tensor | None = None
    cycled_style: Tensor | None = None
    content_identity: Tensor | None = None


OwnFakes = Any
"""A method's own dataclass of fakes, as its `generate` returned it."""

AnyFakes = TypeVar("AnyFakes", bound=Fakes)


def each(fakes: AnyFakes, change: Callable[[Tensor], Tensor]) -> AnyFakes:
    """A copy with `change`, such as `Tensor.detach`, applied to every tensor."""
    return replace(fakes, **{f.name: _changed(getattr(fakes, f.name), change) for f in fields(fakes)})


def _changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, dict):
        return {name: _changed(of_name, change) for name, of_name in value.items()}
    return change(value) if isinstance(value, Tensor) else value
