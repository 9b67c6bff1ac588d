"""An adaptive adversarial weight, relative to the gradient of the image losses."""

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import Terms
from stylegan_pl.nn.layers.discriminator import Heads

_EVERY = 16  # steps between two measurements: each needs two backward passes to the picture
_MEMORY = 0.8  # of the running mean of the factor
_TRUST = 0.95  # of the running mean of the discriminator's certainty
_LARGEST = 1e4  # largest factor


class GradientBalance(nn.Module):
    """c = s · q · ‖∂L_image / ∂G(x)‖ / ‖∂L_adv / ∂G(x)‖, smoothed; Esser et al. (2021), equation 7, at the picture.

    q is the discriminator's certainty, 0 if it guesses: its gradient is then noise, which must not be scaled up. The
    published equation instead starts after a fixed number of steps.

    Args:
        share: s.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.register_buffer("factor", torch.zeros(()))  # 0: not measured yet; saved in checkpoints
        self.register_buffer("certainty", torch.zeros(()))

    def forward(self, adversarial: Terms, image: Terms, picture: Tensor, *, step: int) -> Tensor:
        """The factor for the adversarial terms, without gradient.

        Args:
            picture: G(x), from which both terms are computed.
            step: number of the generator's steps so far.
        """
        known = self.get_buffer("factor")
        if step % _EVERY == 0 or float(known) == 0:
            lengths = [_length(terms, picture) for terms in (image, adversarial)]
            if torch.distributed.is_initialized():  # one factor for all ranks
                for length in lengths:
                    torch.distributed.all_reduce(length)
            found = (self.share * lengths[0] / lengths[1].clamp(min=1e-12)).clamp(max=_LARGEST)
            known.copy_(found if float(known) == 0 else _MEMORY * known + (1 - _MEMORY) * found)
        return known * self.get_buffer("certainty")

    def update(self, certainty: Tensor) -> None:
        """Add the discriminator's certainty of a step, in [0, 1], to its running mean."""
        if torch.distributed.is_initialized():  # one factor for all ranks
            torch.distributed.all_reduce(certainty := certainty.clone())
            certainty /= torch.distributed.get_world_size()
        self.get_buffer("certainty").lerp_(certainty, 1 - _TRUST)


def certainty(reals: Heads, fakes: Heads, boundary: float | None) -> Tensor:
    """q = max(0, 2 a − 1), a the share of logits on the right side of the boundary (if None: of the middle)."""
    right = []
    for real, fake in zip(reals, fakes, strict=True):
        middle = (real.mean() + fake.mean()) / 2 if boundary is None else boundary
        right += [(real > middle).float().mean(), (fake < middle).float().mean()]
    return (2 * torch.stack(right).mean() - 1).clamp(min=0).detach()


def _length(terms: Terms, picture: Tensor) -> Tensor:
    total = torch.stack([term.float() for term in terms.values()]).sum()
    (slope,) = torch.autograd.grad(total, picture, retain_graph=True, allow_unused=True)
    return torch.zeros((), device=picture.device) if slope is None else slope.float().norm()
