"""An adaptive adversarial weight, relative to the gradient of the image losses."""

from collections.abc import Sized

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.nn.layers.discriminator import Heads
from stylegan_pl.nn.training.mean_over_ranks import mean_over_ranks

_EVERY = 16  # steps between two measurements, each of which costs two backward passes to the picture
_FACTOR_DECAY = 0.8  # of the factor's running mean, per measurement
_CERTAINTY_DECAY = 0.95  # of the certainty's running mean, per step
_LARGEST = 1e4  # largest factor
_SCALE = 2.0**12  # of losses that are differentiated: small gradients are 0 in fp16


class GradientBalance(nn.Module):
    """c = s · q · ‖∂L_image / ∂G(x)‖ / ‖∂L_adv / ∂G(x)‖, smoothed; Esser et al. (2021), equation 7.

    q is the discriminator's certainty, 0 if it guesses: its gradient is then noise, which must not be scaled up.

    Departures: the gradients are those of the picture G(x), the paper's those of the generator's last layer. The
    published code has no q; it starts the adversarial loss after a fixed number of steps.

    Args:
        share: s.
        image_losses: the losses of L_image, which must not be empty.

    Raises:
        ConfigError: there is no image loss.
    """

    def __init__(self, share: float, image_losses: Sized) -> None:
        super().__init__()
        if not len(image_losses):
            raise ConfigError(
                "model.adversarial_share is a share of the image losses' gradient, and there is none; type "
                "image_loss=[style,content], or model.adversarial_share=null"
            )
        self.share = share
        self.register_buffer("factor", torch.zeros(()))  # 0: not measured yet; saved in checkpoints
        self.register_buffer("certainty", torch.zeros(()))

    def forward(self, adversarial: Terms, image: Terms, picture: Tensor, *, step: int) -> Tensor:
        """c, the factor of the adversarial terms: a scalar without gradient.

        Args:
            picture: G(x), from which both terms are computed; (N, 3, H, W).
            step: number of the generator's steps so far.
        """
        factor = self.get_buffer("factor")
        first = float(factor) == 0
        if first or step % _EVERY == 0:
            norms = [mean_over_ranks(_gradient_norm(terms, picture)) for terms in (image, adversarial)]
            measured = (self.share * norms[0] / norms[1].clamp(min=1e-12)).clamp(max=_LARGEST)
            smoothed = measured if first else factor.lerp(measured, 1 - _FACTOR_DECAY)
            factor.copy_(torch.where(smoothed.isfinite(), smoothed, factor))  # half precision may overflow
        return factor * self.get_buffer("certainty")

    def update(self, certainty: Tensor) -> None:
        """Add the discriminator's certainty of a step, in [0, 1], to its running mean."""
        self.get_buffer("certainty").lerp_(mean_over_ranks(certainty), 1 - _CERTAINTY_DECAY)


def certainty(reals: Heads, fakes: Heads, boundary: float | None) -> Tensor:
    """q = max(0, 2 a − 1), a scalar; a is the share of logits on the right side of the boundary.

    Args:
        reals, fakes: logits of each head.
        boundary: the loss's; None: the middle between the means of reals and fakes.
    """
    right = []
    for real, fake in zip(reals, fakes, strict=True):
        middle = (real.mean() + fake.mean()) / 2 if boundary is None else boundary
        right += [(real > middle).float().mean(), (fake < middle).float().mean()]
    return (2 * torch.stack(right).mean() - 1).clamp(min=0).detach()


def _gradient_norm(terms: Terms, picture: Tensor) -> Tensor:
    """‖∂ (sum of the terms) / ∂ picture‖, a scalar; 0 if they do not depend on it."""
    total = torch.stack([term.float() for term in terms.values()]).sum()
    (gradient,) = torch.autograd.grad(_SCALE * total, picture, retain_graph=True, allow_unused=True)
    return torch.zeros((), device=picture.device) if gradient is None else gradient.float().norm() / _SCALE
