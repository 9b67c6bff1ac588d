"""WGAN-GP: a gradient of norm 1 between reals and fakes (Gulrajani et al., 2017)."""

from torch import Tensor
from torch.linalg import vector_norm

from stylegan_pl.losses.penalty import Critic, Penalty
from stylegan_pl.losses.slope import mixture, slope


class WGANGP(Penalty):
    """mean (‖∇D(ε y + (1 − ε) ŷ)‖₂ − target)², ε ~ U(0, 1) for each pair; λ, the weight, is 10 in the paper.

    The gradient is that of the sum of all logits, and `wasserstein` is their mean: with P patch logits a picture,
    `target: P` is what bounds the norm of the mean's gradient by 1, the paper's setting.

    Args:
        weight: λ.
        every: see `Penalty`.
        target: the norm that is wanted.
    """

    needs_fresh_fakes = True

    def __init__(self, *, weight: float, every: int = 1, target: float = 1.0) -> None:
        super().__init__(weight=weight, every=every)
        if target <= 0:
            raise ValueError(f"target must be above 0, got {target}; a slope of 0 is penalty=zero_centred")
        self.target = target

    def forward(self, critic: Critic, reals: Tensor, fakes: Tensor) -> Tensor:
        """See the class."""
        norms = vector_norm(slope(critic, mixture(reals, fakes)).flatten(1), dim=1)
        return (norms - self.target).square().mean()
