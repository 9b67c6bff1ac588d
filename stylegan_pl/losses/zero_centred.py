"""0-GP: a zero gradient between reals and fakes (Thanh-Tung et al., 2019)."""

from torch import Tensor

from stylegan_pl.losses.penalty import Critic, Penalty
from stylegan_pl.losses.slope import mixture, slope, squared_norm


class ZeroCentred(Penalty):
    """mean ‖∇D(ε y + (1 − ε) ŷ)‖², ε ~ U(0, 1) for each pair: a discriminator that cannot tell them by memory.

    No ½: λ, the weight, is half of an R1 γ of the same strength.
    """

    needs_fresh_fakes = True

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """See the class."""
        return squared_norm(slope(critic, mixture(reals, fakes))).mean()
