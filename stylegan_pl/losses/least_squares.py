"""Least squares GAN (Mao et al., 2017)."""

from torch import Tensor

from stylegan_pl.losses.adversarial import AdversarialLoss


class LeastSquares(AdversarialLoss):
    """L_D = mean (D(y) − 1)² + mean D(G(x))²; L_G = mean (D(G(x)) − 1)². No sigmoid.

    The source document's formulas. Its text writes x in both terms of L_D; the real sample is the style image y.
    """

    boundary = 0.5

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """See the class."""
        return (fake_logits - 1).square().mean()

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """See the class."""
        return (real_logits - 1).square().mean() + fake_logits.square().mean()
