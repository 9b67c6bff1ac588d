"""An adversarial game on frozen features: small heads on the feature network of the image losses."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.balance import certainty
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.parts import GameParts
from stylegan_pl.nn.layers.discriminator import Heads
from stylegan_pl.nn.layers.features import Features

MakeHeads = Callable[[Mapping[str, int]], nn.Module]
"""Widths of the feature network's layers by name -> heads on some of them: features -> a list of logits."""


class FeatureGame:
    """Heads H on the feature network's layers Φ, which are trained together with the discriminator.

        L_G = w_H · mean_h adv_G(H_h(Φ(G(x))))
        L_D = w_D · mean_h adv_D(H_h(Φ(y)), H_h(Φ(G(x))))

    Φ(G(x)) is computed once per step, for heads and image losses. The adversarial loss and w_D are those of the
    discriminator's game; its penalty, augmentation and pool are not used here.

    Args:
        parts: the method's parts, with the feature network and the game.
        make_heads: builds H.
        weight: w_H.

    Attributes:
        heads: H; the method must register them as a module.
    """

    def __init__(self, parts: GameParts, make_heads: MakeHeads, *, weight: float) -> None:
        assert parts.feature_network is not None  # `training.build` builds it if there are heads
        self.network, self.game, self.weight = parts.feature_network, parts.game, weight
        self.heads = make_heads(parts.feature_network.widths)
        self.certainty = torch.zeros(())  # H's certainty in its last step

    def extract(self, images: Tensor) -> Features:
        """Φ of images (N, 3, H, W), float32, with gradients."""
        return {name: layer.float() for name, layer in self.network(images).items()}

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Tensor:
        """L_G, a scalar; uses `fakes.features`, which are Φ(G(x))."""
        fake_heads = self.heads(fakes.features)
        needs_reals = self.game.adversarial.needs_reals
        real_heads = self.heads(self.extract(batch.style)) if needs_reals else [None] * len(fake_heads)
        return self.weight * _mean(self.game.adversarial.generator, fake_heads, real_heads)

    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Tensor:
        """L_D, a scalar; photographs count as fakes, too, if the game has `photographs_as_fakes`."""
        negatives = self.game.negatives(batch.content)
        with torch.no_grad():
            seen = self.extract(batch.style if negatives is None else torch.cat([batch.style, negatives]))
        count = len(batch.style)
        real_heads = self.heads({layer: found[:count] for layer, found in seen.items()})
        fake_heads = self.heads(fakes.features)
        self.certainty = certainty(real_heads, fake_heads, self.game.adversarial.boundary)
        if negatives is not None:
            negative_heads = self.heads({layer: found[count:] for layer, found in seen.items()})
            # a relativistic loss pairs each fake with a real
            real_heads = [torch.cat([head, head]) for head in real_heads]
            fake_heads = [torch.cat(both) for both in zip(fake_heads, negative_heads, strict=True)]
        return self.game.discriminator_weight * _mean(self.game.adversarial.discriminator, real_heads, fake_heads)


def _mean(loss: Callable[..., Tensor], first: Heads, second: Sequence[Tensor | None]) -> Tensor:
    """The mean over heads of `loss(first, second)`, in float32: a scalar."""
    pairs = zip(first, second, strict=True)
    return torch.stack([loss(one.float(), None if other is None else other.float()) for one, other in pairs]).mean()
