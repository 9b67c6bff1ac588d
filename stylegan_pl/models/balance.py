"""An adversarial weight that follows from what the other losses ask: so loud, whatever their units."""

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import Terms

_EVERY = 16  # steps between two looks: each costs two backward passes down to the picture
_MEMORY = 0.8  # of the factor, from look to look
_LARGEST = 1e4  # of the factor


class GradientBalance(nn.Module):
    """c = s · ‖∂L_image / ∂G(x)‖ / ‖∂L_adv / ∂G(x)‖, smoothed; Esser et al. (2021), equation 7, at the picture.

    Args:
        share: s.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.register_buffer("factor", torch.zeros(()))  # 0: not looked yet; a checkpoint keeps it

    def forward(self, adversarial: Terms, image: Terms, picture: Tensor, *, step: int) -> Tensor:
        """The factor on the adversarial terms, without gradient.

        Args:
            picture: G(x), with the graph of both.
            step: how many the generator has made.
        """
        known = self.get_buffer("factor")
        if step % _EVERY == 0 or float(known) == 0:
            lengths = [_length(terms, picture) for terms in (image, adversarial)]
            if torch.distributed.is_initialized():  # one factor for all ranks
                for length in lengths:
                    torch.distributed.all_reduce(length)
            found = (self.share * lengths[0] / lengths[1].clamp(min=1e-12)).clamp(max=_LARGEST)
            known.copy_(found if float(known) == 0 else _MEMORY * known + (1 - _MEMORY) * found)
        return known.clone()


def _length(terms: Terms, picture: Tensor) -> Tensor:
    total = torch.stack([term.float() for term in terms.values()]).sum()
    (slope,) = torch.autograd.grad(total, picture, retain_graph=True, allow_unused=True)
    return torch.zeros((), device=picture.device) if slope is None else slope.float().norm()
