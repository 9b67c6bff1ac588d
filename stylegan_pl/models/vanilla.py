"""One generator, one discriminator, any image losses: the source document's method."""

from collections.abc import Callable, Iterable, Mapping

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.models.balance import GradientBalance
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.fakes import Fakes, OwnFakes
from stylegan_pl.models.parts import GameParts
from stylegan_pl.nn.layers.features import Features

MakeHeads = Callable[[Mapping[str, int]], nn.Module]
"""Widths of the feature network's layers by name -> heads on some of them: features -> a list of logits."""


class VanillaGAN(TwoPlayerModule):
    """min_G max_D of one pair of networks, content x into G, style y to D.

        L_G = w_adv · adv_G(D(G(x))) + w_H · adv_G(H(Φ(G(x)))) + Σ_i w_i · L_i(G(x), x, y)
        L_D = adv_D(D(y), D(G(x))) + γ · penalty + adv_D(H(Φ(y)), H(Φ(G(x))))

    With `bce` and the pixel loss these are the source document's code, with `least_squares` and the Gram style loss
    its formulas. The document runs the generator twice a step; here both players answer to one forward.

    H are heads on the frozen features Φ that image losses look through, computed once a step for all of them. The
    adversarial weights are numbers, or follow from a share s: then both are multiplied, every 16th step anew, such that
    the gradient of their terms at the picture G(x) is s times as long as that of all image losses (Esser et al., 2021,
    compare at the last layer; here at the picture, and averaged over steps).

    Args:
        adversarial_weight: w_adv; 0 leaves D idle.
        feature_heads: widths of the feature network's layers -> H; None plays without.
        feature_adversarial_weight: w_H.
        adversarial_share: s; None leaves the weights as they are.
    """

    has_opponent = True

    def __init__(
        self,
        parts: GameParts,
        *,
        adversarial_weight: float = 1.0,
        feature_heads: MakeHeads | None = None,
        feature_adversarial_weight: float = 1.0,
        adversarial_share: float | None = None,
    ) -> None:
        plays = adversarial_weight != 0 or feature_heads is not None
        super().__init__(parts, plays=plays)
        self.discriminator, self.game = parts.discriminator, parts.game
        self.adversarial_weight = adversarial_weight
        self.feature_heads = None
        if feature_heads is not None and self.feature_network is not None:
            self.feature_heads = feature_heads(self.feature_network.widths)
        self.feature_adversarial_weight = feature_adversarial_weight
        self.balance = None
        if adversarial_share is not None:
            if not len(self.image_losses):
                raise ConfigError(
                    "model.adversarial_share is a share of the image losses' gradient, and there is none; type "
                    "image_loss=[style,content], or model.adversarial_share=null"
                )
            self.balance = GradientBalance(adversarial_share)

    @property
    def has_goal(self) -> bool:
        """See the parent."""
        return self.adversarial_weight != 0 or self.feature_heads is not None or super().has_goal

    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """One network each; the heads are the discriminator's."""
        if player == "generator":
            return [self.generator]
        judges = [self.discriminator] if self.adversarial_weight != 0 or self.feature_heads is None else []
        return [*judges, *([] if self.feature_heads is None else [self.feature_heads])]

    def shown(self, image: Tensor, batch: StylePair) -> Tensor:
        """What D sees of an image that it judges: the image alone."""
        return image

    def generate(self, batch: StylePair) -> Fakes:
        """G(x), and G(y) in the same forward where an image loss asks for it; Φ(G(x)) where heads judge it."""
        if self.image_losses.need_identity:
            stylised, identity = self.generator(torch.cat([batch.content, batch.style])).chunk(2)
            fakes = Fakes(stylised=stylised, identity=identity)
        else:
            fakes = Fakes(stylised=self.generator(batch.content))
        if self.feature_heads is not None:
            fakes.features = {name: layer.float() for name, layer in self._look(fakes.stylised).items()}
        return fakes

    def generator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """See the class."""
        adversarial, image = self.adversarial_terms(batch, fakes), self.image_terms(batch, fakes)
        if self.balance is not None and adversarial:
            factor = self.balance(adversarial, image, fakes.stylised, step=self.clock.step)
            adversarial = {name: factor * term for name, term in adversarial.items()}
        return adversarial | image

    def adversarial_terms(self, batch: StylePair, fakes: Fakes) -> Terms:
        """w_adv · adv_G and w_H · adv_G of the heads, those that there are."""
        terms: Terms = {}
        if self.adversarial_weight != 0:
            fake, real = self.shown(fakes.stylised, batch), self.shown(batch.style, batch)
            terms["adversarial"] = self.adversarial_weight * self.game.generator_loss(self.discriminator, fake, real)
        if self.feature_heads is not None:
            fake_heads = self.feature_heads(fakes.features)
            reals = self.game.adversarial.needs_reals
            real_heads = self.feature_heads(self._look(batch.style)) if reals else [None] * len(fake_heads)
            loss = self.game.generator_loss_of(fake_heads, real_heads)
            terms["feature_adversarial"] = self.feature_adversarial_weight * loss
        return terms

    def discriminator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """See the class."""
        negatives = self.game.negatives(batch.content)
        terms: Terms = {}
        if self.adversarial_weight != 0 or self.feature_heads is None:
            real, fake = self.shown(batch.style, batch), self.shown(fakes.stylised, batch)
            untouched = None if negatives is None else self.shown(negatives, batch)
            terms = self.game.discriminator_loss(
                self.discriminator, real, fake, step=self.clock.discriminator_step, negatives=untouched
            )
        if self.feature_heads is not None:
            terms["feature_adversarial"] = self._heads_loss(batch, fakes, negatives)
        return terms

    def _heads_loss(self, batch: StylePair, fakes: Fakes, negatives: Tensor | None) -> Tensor:
        """adv_D of the heads: paintings against fakes, and against photographs where D is shown them."""
        assert self.feature_heads is not None
        with torch.no_grad():
            seen = self._look(batch.style if negatives is None else torch.cat([batch.style, negatives]))
        count = len(batch.style)
        reals = self.feature_heads({layer: found[:count] for layer, found in seen.items()})
        fooled = self.feature_heads(fakes.features)
        if negatives is None:
            return self.game.discriminator_loss_of(reals, fooled)
        untouched = self.feature_heads({layer: found[count:] for layer, found in seen.items()})
        doubled = [torch.cat([head, head]) for head in reals]
        return self.game.discriminator_loss_of(
            doubled, [torch.cat(both) for both in zip(fooled, untouched, strict=True)]
        )

    def _look(self, images: Tensor) -> Features:
        assert self.feature_network is not None  # heads are built where there is one
        return self.feature_network(images)
