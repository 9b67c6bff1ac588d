"""The gradient of a critic at images, with a graph back to its weights."""

import torch
from torch import Tensor

from stylegan_pl.losses.penalty import Critic


def slope(critic: Critic, images: Tensor) -> Tensor:
    """d (sum of all logits) / d images, one a picture as pictures do not meet; shaped like the images.

    In float32 at least, and outside of autocast: squares of small gradients vanish in half precision. Under
    `no_grad` it is computed as well.
    """
    images = images.detach().to(torch.promote_types(images.dtype, torch.float32)).requires_grad_()
    with torch.enable_grad(), torch.autocast(images.device.type, enabled=False):
        total = torch.stack([logits.sum() for logits in critic(images)]).sum()
        (gradient,) = torch.autograd.grad(total, images, create_graph=True)
    return gradient


def squared_norm(gradient: Tensor) -> Tensor:
    """(N, C, H, W) -> (N,): summed over channels and pixels."""
    return gradient.square().flatten(1).sum(dim=1)


def mixture(reals: Tensor, fakes: Tensor) -> Tensor:
    """ε y + (1 − ε) ŷ with ε ~ U(0, 1), one a sample (Gulrajani et al., 2017).

    Raises:
        ValueError: there is not one fake for each real.
    """
    if reals.shape != fakes.shape:
        raise ValueError(
            f"each real is mixed with one fake, so they must have one shape, got {tuple(reals.shape)} and "
            f"{tuple(fakes.shape)}; try penalty=r1, which looks at reals alone"
        )
    dtype = torch.promote_types(reals.dtype, torch.float32)
    share = torch.rand(len(reals), *[1] * (reals.dim() - 1), device=reals.device, dtype=dtype)
    return share * reals.to(dtype) + (1 - share) * fakes.to(dtype)
