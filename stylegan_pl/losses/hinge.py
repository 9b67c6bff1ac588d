"""Hinge loss (Lim and Ye, "Geometric GAN", 2017)."""

from torch import Tensor
from torch.nn.functional import relu

from stylegan_pl.losses.adversarial import AdversarialLoss


class Hinge(AdversarialLoss):
    """L_D = mean max(0, 1 − D(y)) + mean max(0, 1 + D(G(x))); L_G = −mean D(G(x)).

    The discriminator leaves alone what it has told apart by a margin of 1; the generator never does. Projected GAN's.
    """

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """See the class."""
        return -fake_logits.mean()

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """See the class."""
        return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()
