"""What a gradient penalty is: a loss on the discriminator's gradient, added in the discriminator's step."""

from abc import ABC, abstractmethod
from collections.abc import Callable

from torch import Tensor, nn

from stylegan_pl.nn.layers.discriminator import Heads

Critic = Callable[[Tensor], Heads]
"""Images -> logits, the discriminator's augmentation included."""


class Penalty(nn.Module, ABC):
    """A weighted scalar of the critic near reals and fakes; weight 0 is none.

    Conventions, since γ does not carry over between them: the gradient is that of the *sum* of all logits of a picture,
    patches and heads (one logit a picture in the papers), squared and summed over channels and pixels, mean over the
    batch.

    Args:
        weight: γ or λ.
        every: discriminator steps from one payment to the next; the payment is then `every` times as large
            (lazy regularisation, StyleGAN2 appendix B), so that its mean does not depend on it.
    """

    needs_fresh_fakes = False  # mixes each real with the fake of its own step, so old fakes from a pool will not do

    def __init__(self, *, weight: float, every: int = 1) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"every must be at least 1 step, got {every}")
        self.weight, self.every = weight, every

    def is_due(self, step: int) -> bool:
        """Whether the discriminator's `step`-th step, from 0, pays."""
        return self.weight != 0 and step % self.every == 0

    @abstractmethod
    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """The unweighted penalty, a scalar with a graph to the critic's weights; images are (N, C, H, W), float32."""


class NoPenalty(Penalty):
    """Nothing to pay."""

    def __init__(self) -> None:
        super().__init__(weight=0.0)

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """0."""
        return reals.new_zeros(())
