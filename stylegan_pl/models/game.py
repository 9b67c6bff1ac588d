"""The adversarial game that every method uses: L_D, and the adversarial part of L_G."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils.parametrize import is_parametrized

from stylegan_pl.contracts import Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.adversarial import AdversarialLoss
from stylegan_pl.losses.penalties import Critic, Penalty
from stylegan_pl.models.balance import certainty
from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.layers.discriminator import Heads, head_weights, heads
from stylegan_pl.nn.training.image_pool import ImagePool


class AdversarialGame(nn.Module):
    """An adversarial loss with a penalty, an augmentation and a pool of earlier fakes; D is passed to each call.

        L_G = Σ_h w_h · adv_G(D_h(T(ŷ)))
        L_D = w_D · Σ_h w_h · adv_D(D_h(T(y)), D_h(T(ŷ_pool))) + γ · penalty

    h runs over the discriminator's heads, T is the augmentation, drawn at each use (Zhao et al., 2020), and ŷ_pool are
    fakes of this and earlier steps.

    Args:
        adversarial: adv_G and adv_D.
        penalty: the gradient penalty of D, every step or every n-th.
        diff_augment: T, the same policy for reals and fakes, in both players' steps.
        pool_size: size of the pool of earlier fakes for D (CycleGAN: 50); 0: only this step's fakes.
        discriminator_weight: w_D (CycleGAN and pix2pix: ½, which slows D down relative to G).
        photographs_as_fakes: whether D also gets the untouched photographs as fakes (Sanakoyeu et al., 2018), so that
            it learns what distinguishes paintings from photographs, not only from this generator's pictures.
        one_forward: whether D gets reals and fakes in one batch, if its logits do not depend on the batch.

    Raises:
        ConfigError: a pool with a penalty that mixes each real with the fake of its own step.
    """

    def __init__(
        self,
        adversarial: AdversarialLoss,
        penalty: Penalty,
        diff_augment: DiffAugment,
        *,
        pool_size: int = 0,
        discriminator_weight: float = 1.0,
        photographs_as_fakes: bool = False,
        one_forward: bool = True,
    ) -> None:
        super().__init__()
        if pool_size > 0 and penalty.needs_fresh_fakes:
            raise ConfigError(
                f"model.game.pool_size={pool_size}: {type(penalty).__name__} mixes each real with the fake of its own "
                "step, and a pool hands out old ones; type model.game.pool_size=0, or penalty=r1"
            )
        self.adversarial, self.penalty, self.diff_augment = adversarial, penalty, diff_augment
        self.pool = ImagePool(pool_size)
        self.discriminator_weight, self.one_forward = discriminator_weight, one_forward
        self.photographs_as_fakes = photographs_as_fakes
        self.certainty = torch.zeros(())  # D's certainty in its last step

    def generator_loss(self, discriminator: nn.Module, fakes: Tensor, reals: Tensor) -> Tensor:
        """L_G, an unweighted scalar; gradients flow through D to the fakes."""
        critic = self._critic(discriminator)
        fake_heads = critic(fakes)
        real_heads = critic(reals) if self.adversarial.needs_reals else [None] * len(fake_heads)
        losses = [self.adversarial.generator(fake, real) for fake, real in zip(fake_heads, real_heads, strict=True)]
        return _weighted(losses, discriminator)

    def discriminator_loss(
        self, discriminator: nn.Module, reals: Tensor, fakes: Tensor, *, step: int, negatives: Tensor | None = None
    ) -> Terms:
        """The terms of L_D.

        Args:
            reals, fakes: (N, C, H, W) each, detached.
            step: number of D's steps so far, for lazy penalties.
            negatives: additional fakes, as many as `fakes`, such as the untouched photographs.
        """
        fakes = self.pool(fakes)
        all_fakes = fakes if negatives is None else torch.cat([fakes, negatives])
        real_heads, fake_heads = self._logits(discriminator, reals, all_fakes)
        without_negatives = [head[: len(fakes)] for head in fake_heads]
        self.certainty = certainty(real_heads, without_negatives, self.adversarial.boundary)
        self.diff_augment.observe(self._from_boundary(real_heads, fake_heads), len(reals) * _ranks())
        if negatives is not None:  # a relativistic loss pairs each fake with a real
            real_heads = [torch.cat([head, head]) for head in real_heads]
        losses = [self.adversarial.discriminator(*pair) for pair in zip(real_heads, fake_heads, strict=True)]
        terms = {"adversarial": self.discriminator_weight * _weighted(losses, discriminator)}
        if self.penalty.is_due(step):
            weight = self.penalty.weight * self.penalty.every
            # `forward`, because compiled code cannot be differentiated twice
            terms["penalty"] = weight * self.penalty(self._critic(discriminator.forward), reals, fakes)
        return terms

    def negatives(self, untouched: Tensor) -> Tensor | None:
        """The untouched pictures of the other set, if D gets them as fakes; otherwise None."""
        return untouched if self.photographs_as_fakes else None

    def _logits(self, discriminator: nn.Module, reals: Tensor, fakes: Tensor) -> tuple[Heads, Heads]:
        """D's logits of reals and fakes, which are augmented separately."""
        if not self.one_forward or not logits_are_independent(discriminator):
            critic = self._critic(discriminator)
            return critic(reals), critic(fakes)
        pictures = torch.cat([self.diff_augment(reals), self.diff_augment(fakes)])
        both = [head.split([len(reals), len(fakes)]) for head in heads(discriminator, pictures)]
        return [real for real, _ in both], [fake for _, fake in both]

    def _from_boundary(self, real_heads: Heads, fake_heads: Heads) -> Heads:
        """Logits at reals minus the loss's boundary; if it has none, minus the middle between reals and fakes."""
        boundary = self.adversarial.boundary
        return [
            (real - (boundary if boundary is not None else (real.mean() + fake.mean()) / 2)).detach()
            for real, fake in zip(real_heads, fake_heads, strict=True)
        ]

    def _critic(self, discriminator: Callable[[Tensor], Any]) -> Critic:
        def critic(images: Tensor) -> Heads:
            return heads(discriminator, self.diff_augment(images))  # type: ignore[arg-type]  # it is only called

        return critic


def logits_are_independent(discriminator: nn.Module) -> bool:
    """Whether each logit depends only on its own picture, so that reals and fakes may be in one batch.

    A forward pass must also change no state and draw no random numbers.

    False with batch norm (depends on the batch), spectral norm (iterates once per pass) and dropout (random).
    """
    return not any(
        module.training and (isinstance(module, _BatchNorm | nn.modules.dropout._DropoutNd) or is_parametrized(module))
        for module in discriminator.modules()
    )


def _weighted(losses: list[Tensor], discriminator: nn.Module) -> Tensor:
    weights = head_weights(discriminator, len(losses))
    return torch.stack([weight * loss for weight, loss in zip(weights, losses, strict=True)]).sum()


def _ranks() -> int:
    return torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
