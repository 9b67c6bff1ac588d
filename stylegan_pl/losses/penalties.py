"""Gradient penalties: losses on the discriminator's gradient, added to its loss."""

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.linalg import vector_norm

from stylegan_pl.nn.layers.discriminator import Heads

Critic = Callable[[Tensor], Heads]
"""Images -> logits, the discriminator's augmentation included."""


class Penalty(nn.Module, ABC):
    """Base class of gradient penalties: a scalar of the critic with a weight; weight 0: no penalty.

    Convention, on which the scale of γ depends: the gradient is of the *sum* of all logits of a picture, over patches
    and heads (the papers have one logit per picture); it is squared, summed over channels and pixels, and averaged over
    the batch.

    Args:
        weight: γ or λ.
        every: number of discriminator steps between two penalties; the penalty is then multiplied by `every`, so that
            its mean stays the same (lazy regularisation, StyleGAN2 appendix B).
    """

    needs_fresh_fakes = False  # needs this step's fakes, not old ones from a pool, because it mixes each with a real

    def __init__(self, *, weight: float, every: int = 1) -> None:
        super().__init__()
        if every < 1:
            raise ValueError(f"every must be at least 1 step, got {every}")
        self.weight, self.every = weight, every

    def is_due(self, step: int) -> bool:
        """Whether the penalty is computed in the discriminator's `step`-th step, from 0."""
        return self.weight != 0 and step % self.every == 0

    @abstractmethod
    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """The unweighted penalty, a scalar with a graph to the critic's weights; images are (N, C, H, W), float32."""


class NoPenalty(Penalty):
    """No penalty."""

    def __init__(self) -> None:
        super().__init__(weight=0.0)

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """The constant 0."""
        return reals.new_zeros(())


def input_gradient(critic: Critic, images: Tensor) -> Tensor:
    """d (sum of all logits) / d images, in the images' shape; each picture's gradient depends only on its own logits.

    Computed at least in float32, without autocast, because squares of small gradients underflow in half precision. Also
    works under `no_grad`.
    """
    images = images.detach().to(torch.promote_types(images.dtype, torch.float32)).requires_grad_()
    with torch.enable_grad(), torch.autocast(images.device.type, enabled=False):
        total = torch.stack([logits.sum() for logits in critic(images)]).sum()
        (gradient,) = torch.autograd.grad(total, images, create_graph=True)
    return gradient


def squared_norm(gradient: Tensor) -> Tensor:
    """(N, C, H, W) -> (N,): squares, summed over channels and pixels."""
    return gradient.square().flatten(1).sum(dim=1)


def mixture(reals: Tensor, fakes: Tensor) -> Tensor:
    """ε y + (1 − ε) ŷ with ε ~ U(0, 1) per sample (Gulrajani et al., 2017).

    Raises:
        ValueError: there are not as many fakes as reals.
    """
    if reals.shape != fakes.shape:
        raise ValueError(
            f"each real is mixed with one fake, so they must have one shape, got {tuple(reals.shape)} and "
            f"{tuple(fakes.shape)}; try penalty=r1, which looks at reals alone"
        )
    dtype = torch.promote_types(reals.dtype, torch.float32)
    share = torch.rand(len(reals), *[1] * (reals.dim() - 1), device=reals.device, dtype=dtype)
    return share * reals.to(dtype) + (1 - share) * fakes.to(dtype)


def r1_penalty(critic: Critic, images: Tensor) -> Tensor:
    """½ mean ‖∇D(y)‖²; the weight is the paper's γ, the ½ is in the formula.

    >>> import torch
    >>> from stylegan_pl.losses.penalties import r1_penalty
    >>> def critic(images):  # one head; its gradient is 3 at each of 12 values
    ...     return [3 * images.sum(dim=(1, 2, 3))]
    >>> r1_penalty(critic, torch.rand(4, 3, 2, 2)).item()  # 12 · 3² / 2
    54.0
    """
    return 0.5 * squared_norm(input_gradient(critic, images)).mean()


class R1(Penalty):
    """½ mean ‖∇D(y)‖² at reals, so that D stops moving once fakes equal reals.

    R1: zero gradient at reals (Mescheder et al., 2018).

    For the convention of γ, the weight, see `Penalty`. For one logit per picture, γ = 0.0002 · pixels / batch size is a
    good start (Karras et al., 2020); for patch logits, search for it with a sweep.
    """

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """The unweighted penalty, a scalar."""
        return r1_penalty(critic, reals)


class R1R2(Penalty):
    """½ mean ‖∇D(y)‖² + ½ mean ‖∇D(ŷ)‖², which makes `relativistic` converge; the weight is R3GAN's γ.

    R1 + R2: zero gradient at reals and at fakes (Mescheder et al., 2018; R3GAN, Huang et al., 2024).

    Reals and fakes may differ in number, because each has its own mean.
    """

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """The unweighted penalty, a scalar."""
        return r1_penalty(critic, reals) + r1_penalty(critic, fakes)


class ZeroCentred(Penalty):
    """mean ‖∇D(ε y + (1 − ε) ŷ)‖², ε ~ U(0, 1) for each pair, so that D does not memorise.

    0-GP: zero gradient between reals and fakes (Thanh-Tung et al., 2019).

    There is no ½, so the weight λ is half of R1's γ for the same strength.
    """

    needs_fresh_fakes = True

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """The unweighted penalty, a scalar."""
        return squared_norm(input_gradient(critic, mixture(reals, fakes))).mean()


class WGANGP(Penalty):
    """mean (‖∇D(ε y + (1 − ε) ŷ)‖₂ − target)², ε ~ U(0, 1) for each pair; λ, the weight, is 10 in the paper.

    WGAN-GP: gradient of norm 1 between reals and fakes (Gulrajani et al., 2017).

    The gradient is of the sum of all logits, but `wasserstein` is their mean: with P patch logits per picture,
    `target: P` gives the mean's gradient norm 1, as in the paper.

    Args:
        weight: λ.
        every: see `Penalty`.
        target: the desired norm.
    """

    needs_fresh_fakes = True

    def __init__(self, *, weight: float, every: int = 1, target: float = 1.0) -> None:
        super().__init__(weight=weight, every=every)
        if target <= 0:
            raise ValueError(f"target must be above 0, got {target}; a gradient of norm 0 is penalty=zero_centred")
        self.target = target

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """The unweighted penalty, a scalar."""
        norms = vector_norm(input_gradient(critic, mixture(reals, fakes)).flatten(1), dim=1)
        return (norms - self.target).square().mean()
