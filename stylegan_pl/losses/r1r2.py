"""R1 + R2: a zero gradient at reals and at fakes (Mescheder et al., 2018; R3GAN, Huang et al., 2024)."""

from torch import Tensor

from stylegan_pl.losses.penalty import Critic, Penalty
from stylegan_pl.losses.r1 import r1_penalty


class R1R2(Penalty):
    """½ mean ‖∇D(y)‖² + ½ mean ‖∇D(ŷ)‖²: what makes `relativistic` converge; γ, the weight, is R3GAN's.

    Reals and fakes may differ in number: each is a mean of its own.
    """

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """See the class."""
        return r1_penalty(critic, reals) + r1_penalty(critic, fakes)
