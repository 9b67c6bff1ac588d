"""R1: a zero gradient at reals (Mescheder et al., 2018)."""

from torch import Tensor

from stylegan_pl.losses.penalty import Critic, Penalty
from stylegan_pl.losses.slope import slope, squared_norm


def r1_penalty(critic: Critic, images: Tensor) -> Tensor:
    """½ mean ‖∇D(y)‖²; the weight is the paper's γ, the ½ is in the formula."""
    return 0.5 * squared_norm(slope(critic, images)).mean()


class R1(Penalty):
    """½ mean ‖∇D(y)‖² at reals: a discriminator that has nothing left to tell apart lies still.

    Conventions of γ, the weight: see `Penalty`. For one logit a picture γ = 0.0002 · pixels / batch size is a start
    (Karras et al., 2020); for patch logits sweep it.
    """

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """See the class."""
        return r1_penalty(critic, reals)
