"""Several discriminators that judge the same image."""

from dataclasses import dataclass

from torch import Tensor, nn

from stylegan_pl.nn.layers.discriminator import as_heads


@dataclass
class Member:
    """One of several discriminators."""

    network: nn.Module
    weight: float  # of all its heads together; the adversarial weight keeps its scale if these sum to 1

    def __post_init__(self) -> None:
        if self.weight <= 0:
            raise ValueError(f"a member's weight must be above 0, got {self.weight}; leave the member out instead")

    @property
    def head_weights(self) -> list[float]:
        """`weight` × the network's own head weights."""
        return [self.weight * own for own in own_head_weights(self.network)]


class Several(nn.Module):
    """D(y) = all heads of all members: several discriminators at once, each with a weight.

    Members see different things: a PatchGAN of 70 pixels sees composition, one of 16 strokes, a PixelGAN the palette.
    GMAN (Durugkar et al., 2017) with fixed weights.

    Args:
        members: name -> member; named, so that a config can change one of them.
        inputs: channels of the image; 6 where a second picture is the condition.

    Raises:
        ValueError: there are no members, or one takes another number of channels; in `forward`, if a member's heads are
            not as many as its weights.
    """

    def __init__(self, *, members: dict[str, Member], inputs: int = 3) -> None:
        super().__init__()
        if not members:
            raise ValueError("members must name at least one discriminator, got none")
        for name, member in members.items():
            check_inputs(member.network, inputs, name=f"members.{name}.network")
        self.inputs = inputs
        self.members = nn.ModuleDict({name: member.network for name, member in members.items()})
        self.head_weights = [weight for member in members.values() for weight in member.head_weights]
        self.smallest = max(getattr(member.network, "smallest", 1) for member in members.values())  # pixels

    def forward(self, image: Tensor) -> list[Tensor]:
        """(N, inputs, H, W) in [-1, 1] -> logits of every head, member by member."""
        logits: list[Tensor] = []
        for name, network in self.members.items():
            logits += own_heads(network, image, name=name)
        return logits


def check_inputs(network: nn.Module, inputs: int, *, name: str) -> None:
    """Raise if a member takes another number of channels.

    Raises:
        ValueError: the message says what to type.
    """
    own = getattr(network, "inputs", inputs)
    if own != inputs:
        raise ValueError(f"{name} takes {own} channels and is shown {inputs}; try {name}.inputs={inputs}")


def own_head_weights(network: nn.Module) -> list[float]:
    """The weight of each head of a discriminator, without a forward pass; one head unless it has `head_weights`."""
    return list(getattr(network, "head_weights", [1.0]))


def own_heads(network: nn.Module, image: Tensor, *, name: str) -> list[Tensor]:
    """A discriminator's logits as a list, in their own precision.

    Raises:
        ValueError: they are not as many as its `head_weights`.
    """
    heads = as_heads(network(image))
    expected = len(own_head_weights(network))
    if len(heads) != expected:
        raise ValueError(f"{name} has {len(heads)} heads, weights for {expected}; give it `head_weights`, one a head")
    return heads
