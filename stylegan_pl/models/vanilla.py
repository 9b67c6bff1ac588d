"""One generator, one discriminator, any image losses: the source document's method."""

from collections.abc import Iterable

import torch
from torch import nn

from stylegan_pl.contracts import Fakes, OptimizerFactory, Schedule, StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.adversarial import AdversarialLoss
from stylegan_pl.losses.image_loss import ImageLoss, ImageLosses, Views
from stylegan_pl.models.base import Mechanics, TwoPlayerModule
from stylegan_pl.nn.features import FeatureNetwork


class VanillaGAN(TwoPlayerModule):
    """min_G max_D of one pair of networks, content x into G, style y to D.

        L_G = w_adv · adv_G(D(G(x))) + Σ_i w_i · L_i(G(x), x, y)
        L_D = adv_D(D(y), D(G(x)))

    With `bce` and the pixel loss these are the source document's code, with `least_squares` and the Gram style loss
    its formulas. The document runs the generator twice a step; here both players answer to one forward.

    Args:
        discriminator: image -> logits of any shape.
        adversarial: adv_G and adv_D.
        image_losses: name -> L_i with its weight w_i.
        feature_network: what perceptual image losses look through; built only where one does.
        adversarial_weight: w_adv; 0 leaves the image losses alone.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: AdversarialLoss,
        generator_optimizer: OptimizerFactory,
        discriminator_optimizer: OptimizerFactory,
        schedule: Schedule,
        mechanics: Mechanics,
        *,
        image_losses: dict[str, ImageLoss],
        feature_network: FeatureNetwork | None = None,
        adversarial_weight: float = 1.0,
    ) -> None:
        super().__init__(generator, generator_optimizer, discriminator_optimizer, schedule, mechanics)
        if adversarial_weight == 0 and all(loss.weight == 0 for loss in image_losses.values()):
            raise ConfigError("the generator has nothing to learn: adversarial_weight and every image loss are 0")
        self.discriminator = discriminator
        self.adversarial = adversarial
        self.image_losses = ImageLosses(image_losses)
        self.feature_network = feature_network
        self.adversarial_weight = adversarial_weight

    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """One network each."""
        return [self.generator if player == "generator" else self.discriminator]

    def generate(self, batch: StylePair) -> Fakes:
        """G(x), and G(y) in the same forward where an image loss asks for it."""
        if not self.image_losses.need_identity:
            return {"stylised": self.generator(batch.content)}
        stylised, identity = self.generator(torch.cat([batch.content, batch.style])).chunk(2)
        return {"stylised": stylised, "identity": identity}

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """See the class."""
        terms: Terms = {}
        if self.adversarial_weight != 0:
            logits = self.discriminator(fakes["stylised"]).float()
            terms["adversarial"] = self.adversarial_weight * self.adversarial.generator(logits)
        views = Views(
            fakes["stylised"], batch.content, batch.style, identity=fakes.get("identity"), network=self.feature_network
        )
        return terms | self.image_losses(views)

    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """See the class."""
        real_logits = self.discriminator(batch.style).float()
        fake_logits = self.discriminator(fakes["stylised"]).float()
        return {"adversarial": self.adversarial.discriminator(real_logits, fake_logits)}
