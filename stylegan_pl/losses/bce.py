"""Binary cross-entropy, the non-saturating GAN loss (Goodfellow et al., 2014)."""

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from stylegan_pl.losses.adversarial import AdversarialLoss


class BinaryCrossEntropy(AdversarialLoss):
    """L_D = −mean log σ(D(y)) − mean log(1 − σ(D(G(x)))); L_G = −mean log σ(D(G(x))).

    The source document's code: BCE on a sigmoid, here on logits, which is the same number without the underflow.
    """

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """See the class."""
        return binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """See the class."""
        real = binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
        fake = binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
        return real + fake
