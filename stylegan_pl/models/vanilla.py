"""One generator, one discriminator, any image losses: the source document's method."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from stylegan_pl.contracts import Fakes, OptimizerFactory, Schedule, StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import ImageLoss
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.nn.features import FeatureNetwork


class VanillaGAN(TwoPlayerModule):
    """min_G max_D of one pair of networks, content x into G, style y to D.

        L_G = w_adv · adv_G(D(G(x))) + Σ_i w_i · L_i(G(x), x, y)
        L_D = adv_D(D(y), D(G(x))) + γ · penalty

    With `bce` and the pixel loss these are the source document's code, with `least_squares` and the Gram style loss
    its formulas. The document runs the generator twice a step; here both players answer to one forward.

    Args:
        discriminator: image -> logits, of one head or several.
        game: adv_G, adv_D and what surrounds them.
        adversarial_weight: w_adv; 0 leaves the image losses alone, and D idle.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        game: AdversarialGame,
        generator_optimizer: OptimizerFactory,
        discriminator_optimizer: OptimizerFactory,
        schedule: Schedule,
        mechanics: Mechanics,
        *,
        image_losses: dict[str, ImageLoss],
        feature_network: FeatureNetwork | None = None,
        adversarial_weight: float = 1.0,
    ) -> None:
        super().__init__(
            generator, generator_optimizer, discriminator_optimizer if adversarial_weight != 0 else None, schedule,
            mechanics, image_losses=image_losses, feature_network=feature_network,
        )  # fmt: skip
        self.discriminator = discriminator
        self.game = game
        self.adversarial_weight = adversarial_weight
        if not self.has_goal:
            raise ConfigError("the generator has nothing to learn: adversarial_weight and every image loss are 0")

    @property
    def has_goal(self) -> bool:
        """Whether any term of L_G has a weight."""
        return self.adversarial_weight != 0 or len(self.image_losses) > 0

    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """One network each."""
        return [self.generator if player == "generator" else self.discriminator]

    def shown(self, image: Tensor, batch: StylePair) -> Tensor:
        """What D sees of an image that it judges: the image alone."""
        return image

    def generate(self, batch: StylePair) -> Fakes:
        """G(x), and G(y) in the same forward where an image loss asks for it."""
        if not self.image_losses.need_identity:
            return {"stylised": self.generator(batch.content)}
        stylised, identity = self.generator(torch.cat([batch.content, batch.style])).chunk(2)
        return {"stylised": stylised, "identity": identity}

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """See the class."""
        return self.adversarial_terms(batch, fakes) | self.image_terms(batch, fakes)

    def adversarial_terms(self, batch: StylePair, fakes: Fakes) -> Terms:
        """w_adv · adv_G, or nothing where the weight is 0."""
        if self.adversarial_weight == 0:
            return {}
        fake, real = self.shown(fakes["stylised"], batch), self.shown(batch.style, batch)
        return {"adversarial": self.adversarial_weight * self.game.generator_loss(self.discriminator, fake, real)}

    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """See the class."""
        real, fake = self.shown(batch.style, batch), self.shown(fakes["stylised"], batch)
        return self.game.discriminator_loss(self.discriminator, real, fake, step=self.step)
