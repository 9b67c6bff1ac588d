"""Adversarial losses: pairs of functions of logits, one for each player."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, relu, softplus


class AdversarialLoss(nn.Module, ABC):
    """Base class: a loss for each player. Logits may have any shape."""

    needs_reals = False  # whether the generator's loss also needs D(y)
    boundary: float | None = 0.0  # the logit at which D cannot decide; None if only differences of logits matter

    @abstractmethod
    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """L_G, a scalar: lower if D takes fakes for real; `real_logits` are given only if the loss `needs_reals`."""

    @abstractmethod
    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """L_D, a scalar: lower if D separates reals and fakes."""


class BinaryCrossEntropy(AdversarialLoss):
    """L_D = −mean log σ(D(y)) − mean log(1 − σ(D(G(x)))); L_G = −mean log σ(D(G(x))).

    Binary cross-entropy, the non-saturating GAN loss (Goodfellow et al., 2014).

    The source document's code has BCE of a sigmoid; here it is BCE of logits, which has the same value without
    underflow.

    >>> import torch
    >>> from stylegan_pl.losses.adversarial import BinaryCrossEntropy
    >>> logits = torch.zeros(4, 1, 30, 30)  # D cannot decide: log 2 a term
    >>> loss = BinaryCrossEntropy()
    >>> loss.discriminator(logits, logits), loss.generator(logits)
    (tensor(1.3863), tensor(0.6931))
    """

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """L_G, a scalar."""
        return binary_cross_entropy_with_logits(fake_logits, torch.ones_like(fake_logits))

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """L_D, a scalar."""
        real = binary_cross_entropy_with_logits(real_logits, torch.ones_like(real_logits))
        fake = binary_cross_entropy_with_logits(fake_logits, torch.zeros_like(fake_logits))
        return real + fake


class LeastSquares(AdversarialLoss):
    """L_D = mean (D(y) − 1)² + mean D(G(x))²; L_G = mean (D(G(x)) − 1)². No sigmoid.

    Least squares GAN (Mao et al., 2017).

    The source document's formulas. Its text writes x in both terms of L_D; the real sample is the style image y.

    >>> import torch
    >>> from stylegan_pl.losses.adversarial import LeastSquares
    >>> real_logits, fake_logits = torch.ones(4, 1, 30, 30), torch.zeros(4, 1, 30, 30)  # D is right everywhere
    >>> loss = LeastSquares()
    >>> loss.discriminator(real_logits, fake_logits), loss.generator(fake_logits)
    (tensor(0.), tensor(1.))
    """

    boundary = 0.5

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """L_G, a scalar."""
        return (fake_logits - 1).square().mean()

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """L_D, a scalar."""
        return (real_logits - 1).square().mean() + fake_logits.square().mean()


class Hinge(AdversarialLoss):
    """L_D = mean max(0, 1 − D(y)) + mean max(0, 1 + D(G(x))); L_G = −mean D(G(x)).

    Hinge loss (Lim and Ye, "Geometric GAN", 2017).

    The discriminator ignores pictures that it separates by a margin of 1; the generator has no margin. Used by
    Projected GAN.

    >>> import torch
    >>> from stylegan_pl.losses.adversarial import Hinge
    >>> real_logits, fake_logits = torch.full((4, 1), 3.0), torch.full((4, 1), -3.0)  # beyond the margin
    >>> loss = Hinge()
    >>> loss.discriminator(real_logits, fake_logits), loss.generator(fake_logits)
    (tensor(0.), tensor(3.))
    """

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """L_G, a scalar."""
        return -fake_logits.mean()

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """L_D, a scalar."""
        return relu(1 - real_logits).mean() + relu(1 + fake_logits).mean()


class Wasserstein(AdversarialLoss):
    """L_D = mean D(G(x)) − mean D(y); L_G = −mean D(G(x)).

    Wasserstein GAN (Arjovsky et al., 2017).

    −L_D is the Wasserstein distance of the two sets only if the critic's gradient has norm at most 1; otherwise it is
    unbounded. So use it with `penalty=wgan_gp`, or with `spectral_norm=true` in the discriminator. The paper clips
    weights instead.
    """

    boundary = None

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """L_G, a scalar."""
        return -fake_logits.mean()

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """L_D, a scalar."""
        return fake_logits.mean() - real_logits.mean()


class Relativistic(AdversarialLoss):
    """L_D = mean softplus(−(D(y) − D(G(x)))); L_G = mean softplus(−(D(G(x)) − D(y))).

    Relativistic pairing (Jolicoeur-Martineau, 2019) in R3GAN's form (Huang et al., 2024).

    Each fake is compared with one real (with patch logits, at each position), which prevents mode dropping. It
    converges with `penalty=r1r2`, the only penalty that the paper uses with it.

    >>> import torch
    >>> from stylegan_pl.losses.adversarial import Relativistic
    >>> real_logits, fake_logits = torch.tensor([[5.0], [7.0]]), torch.tensor([[5.0], [7.0]])  # only differences count
    >>> Relativistic().discriminator(real_logits, fake_logits)
    tensor(0.6931)

    Raises:
        ValueError: real and fake logits differ in shape, or `generator` gets no reals.
    """

    needs_reals = True
    boundary = None

    def generator(self, fake_logits: Tensor, real_logits: Tensor | None = None) -> Tensor:
        """L_G, a scalar."""
        if real_logits is None:
            raise ValueError("a relativistic loss compares fakes with reals, got none; try another adversarial loss")
        return _mean_deficit(fake_logits, real_logits)

    def discriminator(self, real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        """L_D, a scalar."""
        return _mean_deficit(real_logits, fake_logits)


def _mean_deficit(wanted_higher: Tensor, wanted_lower: Tensor) -> Tensor:
    if wanted_higher.shape != wanted_lower.shape:
        raise ValueError(
            "a relativistic loss pairs each fake with a real, so their logits must have one shape, got "
            f"{tuple(wanted_higher.shape)} and {tuple(wanted_lower.shape)}; try as many reals as fakes, of one size"
        )
    return softplus(wanted_lower - wanted_higher).mean()
