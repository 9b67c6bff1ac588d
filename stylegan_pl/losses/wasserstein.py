"""Wasserstein GAN (Arjovsky et al., 2017)."""

from torch import Tensor

from stylegan_pl.losses.adversarial import AdversarialLoss


class Wasserstein(AdversarialLoss):
    """L_D = mean D(G(x)) − mean D(y); L_G = −mean D(G(x)).

    −L_D is the distance of the two sets only for a critic whose gradient has norm 1 at most. Without such a bound it
    grows without end: use it with `penalty=wgan_gp`, or with a discriminator of `spectral_norm=true`. The paper clips
    weights instead.
    """

    boundary = None

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """See the class."""
        return -fake_logits.mean()

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """See the class."""
        return fake_logits.mean() - real_logits.mean()
