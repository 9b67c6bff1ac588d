"""What a step's generator forward gives: every picture of the step, made once, for both players."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar

from torch import Tensor

from stylegan_pl.nn.layers.features import Features


@dataclass(kw_only=True)
class Fakes:
    """Of every method; one that makes more has a dataclass of its own, with further fields.

    Args:
        stylised: G(x), (N, 3, H, W) in [-1, 1], with gradients.
        identity: G(y), the same; None where no loss asks for it.
        features: the feature network's layers of G(x), float32; empty where image losses alone read them.
        mirrored: whether G saw the photographs mirrored left to right.
    """

    stylised: Tensor
    identity: Tensor | None = None
    features: Features = field(default_factory=dict)
    mirrored: bool = False


@dataclass(kw_only=True)
class CycleFakes(Fakes):
    """With F(y), and what only terms with a weight ask for: F(G(x)), G(F(y)) and F(x)."""

    photograph: Tensor
    cycled_content: Tensor | None = None
    cycled_style: Tensor | None = None
    content_identity: Tensor | None = None


OwnFakes = Any
"""A method's own dataclass of fakes, as its `generate` returned it."""

AnyFakes = TypeVar("AnyFakes", bound=Fakes)


def each(fakes: AnyFakes, change: Callable[[Tensor], Tensor]) -> AnyFakes:
    """A copy with every tensor changed, such as by `Tensor.detach`; what is no tensor stays."""
    return replace(fakes, **{f.name: _changed(getattr(fakes, f.name), change) for f in fields(fakes)})


def _changed(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    if isinstance(value, dict):
        return {name: _changed(of_name, change) for name, of_name in value.items()}
    return change(value) if isinstance(value, Tensor) else value
