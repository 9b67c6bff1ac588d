"""Relativistic pairing (Jolicoeur-Martineau, 2019) in R3GAN's form (Huang et al., 2024)."""

from torch import Tensor
from torch.nn.functional import softplus

from stylegan_pl.losses.adversarial import AdversarialLoss


class Relativistic(AdversarialLoss):
    """L_D = mean softplus(−(D(y) − D(G(x)))); L_G = mean softplus(−(D(G(x)) − D(y))).

    Each fake is judged beside one real, so the players cannot agree on a level and forget modes; with patch logits, a
    pair a position. It converges with `penalty=r1r2`, and the paper uses it with nothing else.

    Raises:
        ValueError: real and fake logits differ in shape, or the generator's side is given no reals.
    """

    needs_reals = True
    boundary = None

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """See the class."""
        if real_logits is None:
            raise ValueError("a relativistic loss compares fakes with reals, got none; try another adversarial loss")
        return _mean_deficit(fake_logits, real_logits)

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """See the class."""
        return _mean_deficit(real_logits, fake_logits)


def _mean_deficit(wanted_higher: Tensor, wanted_lower: Tensor) -> Tensor:
    if wanted_higher.shape != wanted_lower.shape:
        raise ValueError(
            "a relativistic loss pairs each fake with a real, so their logits must have one shape, got "
            f"{tuple(wanted_higher.shape)} and {tuple(wanted_lower.shape)}; try as many reals as fakes, of one size"
        )
    return softplus(wanted_lower - wanted_higher).mean()
