"""The base of methods with one generator and one discriminator; each adds its own terms."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.fakes import Fakes, OwnFakes
from stylegan_pl.models.feature_game import FeatureGame, MakeHeads
from stylegan_pl.models.parts import GameParts


class OneGeneratorGAN(TwoPlayerModule):
    """L_G = w_adv · adv_G(D(G(x))) + Σ_i w_i · L_i(G(x), x, y), and L_D = adv_D(D(y), D(G(x))) + γ · penalty.

    Args:
        adversarial_weight: w_adv; 0: D is not trained.
        feature_heads: builds discriminators on features (`FeatureGame`); None: none.
        feature_weight: weight of their term in L_G.
        own_weights: weights of the method's own terms.
    """

    has_opponent = True

    def __init__(
        self,
        parts: GameParts,
        *,
        adversarial_weight: float = 1.0,
        feature_heads: MakeHeads | None = None,
        feature_weight: float = 1.0,
        own_weights: Sequence[float] = (),
    ) -> None:
        feature_heads = feature_heads if feature_weight != 0 else None
        trains_discriminator = adversarial_weight != 0 or feature_heads is not None
        super().__init__(parts, trains_discriminator=trains_discriminator, own_weights=own_weights)
        self.discriminator, self.game = parts.discriminator, parts.game
        self.adversarial_weight = adversarial_weight
        self.feature_game = FeatureGame(parts, feature_heads, weight=feature_weight) if feature_heads else None
        self.feature_heads = None if self.feature_game is None else self.feature_game.heads

    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """One network per player; heads on features belong to the discriminator."""
        if player == "generator":
            return [self.generator]
        idle = self.adversarial_weight == 0 and self.feature_heads is not None
        return [*([] if idle else [self.discriminator]), *([] if self.feature_heads is None else [self.feature_heads])]

    def discriminator_input(self, image: Tensor, batch: StylePair) -> Tensor:
        """D's input for an image; here the image itself."""
        return image

    def generate(self, batch: StylePair) -> Fakes:
        """G(x); G(y) in the same forward pass, if an image loss needs it; Φ(G(x)), if there are heads on features."""
        if self.image_losses.need_identity:
            stylised, identity = self.generator(torch.cat([batch.content, batch.style])).chunk(2)
            fakes = Fakes(stylised=stylised, identity=identity)
        else:
            fakes = Fakes(stylised=self.generator(batch.content))
        if self.feature_game is not None:
            fakes.features = self.feature_game.extract(fakes.stylised)
        return fakes

    def generator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """The weighted terms of L_G."""
        return self.adversarial_terms(batch, fakes) | self.image_terms(batch, fakes)

    def adversarial_terms(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """The adversarial terms of L_G that have a weight: of D, and of heads on features."""
        terms: Terms = {}
        if self.adversarial_weight != 0:
            fake, real = self.discriminator_input(fakes.stylised, batch), self.discriminator_input(batch.style, batch)
            terms["adversarial"] = self.adversarial_weight * self.game.generator_loss(self.discriminator, fake, real)
        if self.feature_game is not None:
            terms["feature_adversarial"] = self.feature_game.generator_loss(batch, fakes)
        return terms

    def certainty(self) -> Tensor:
        """How certain D and the heads were in their last step: the mean, a scalar in [0, 1]."""
        found = [self.game.certainty] if self.adversarial_weight != 0 else []
        return torch.stack(found if self.feature_game is None else [*found, self.feature_game.certainty]).mean()

    def discriminator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """The weighted terms of L_D."""
        terms: Terms = {}
        if self.adversarial_weight != 0 or self.feature_game is None:
            real, fake = self.discriminator_input(batch.style, batch), self.discriminator_input(fakes.stylised, batch)
            negatives = self.game.negatives(batch.content)
            terms = self.game.discriminator_loss(
                self.discriminator, real, fake, step=self.clock.discriminator_step,
                negatives=None if negatives is None else self.discriminator_input(negatives, batch),
            )  # fmt: skip
        if self.feature_game is not None:
            terms["feature_adversarial"] = self.feature_game.discriminator_loss(batch, fakes)
        return terms
