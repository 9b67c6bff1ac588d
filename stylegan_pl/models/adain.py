"""One generator for any painting, which both players are shown (after Huang and Belongie, 2017)."""

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from stylegan_pl.contracts import Fakes, OptimizerFactory, Schedule, StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.losses.image_loss import ImageLoss
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.models.vanilla import VanillaGAN
from stylegan_pl.nn.layers.features import FeatureNetwork


class AdaINTransfer(VanillaGAN):
    """G(x, y) = g(t), t = AdaIN(f(x), f(y)); D is shown a picture beside the painting it should belong to.

        L_G = w_adv · adv_G(D(G(x, y), ỹ)) + w_c · mean (f(G(x, y)) − t)² + Σ_i w_i · L_i
        L_D = adv_D(D(y, ỹ), D(G(x, y), ỹ)) + γ · penalty

    f is the frozen encoder, g the decoder. With w_adv = 0, w_c = 1 and the image loss `adain_statistics` × 10 this is
    the paper's objective (equations 11 to 13); the discriminator on top is ours. ỹ is y mirrored left to right: it
    shows D the style at every place, and a real pair is not the same pixels twice. A D that sees the whole picture at
    once could still tell a mirror image; one of patches sees it along the middle alone.

    Args:
        content_weight: w_c; with an encoder that is trained along, 0, or it would be lowered by shrinking f.
    """

    gives_style = True
    conditions_discriminator = True
    generator: AdaINGenerator

    def __init__(
        self,
        generator: AdaINGenerator,
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
        content_weight: float = 1.0,
    ) -> None:
        self.content_weight = content_weight  # before the parent asks `has_goal`
        super().__init__(
            generator, discriminator, game, generator_optimizer, discriminator_optimizer, schedule, mechanics,
            image_losses=image_losses, feature_network=feature_network, adversarial_weight=adversarial_weight,
        )  # fmt: skip
        if content_weight != 0 and any(p.requires_grad for p in generator.encoder.parameters()):
            raise ConfigError(
                f"model.content_weight={content_weight} compares features of an encoder that is trained along, which "
                "could lower it by shrinking them; type model.content_weight=0 image_loss=[adain_statistics,content], "
                "or generator@model.generator=adain"
            )

    @property
    def has_goal(self) -> bool:
        """See the parent."""
        return self.content_weight != 0 or super().has_goal

    def shown(self, image: Tensor, batch: StylePair) -> Tensor:
        """(ỹ, image), (N, 6, H, W)."""
        return torch.cat([batch.style.flip(-1), image], dim=1)

    def paint(self, images: Tensor, batch: StylePair) -> Tensor:
        """See the base."""
        return self.generator(images, batch.style)

    def generate(self, batch: StylePair) -> Fakes:
        """G(x, y) and its t; G(y, y) in the same forward where an image loss asks for it."""
        x, y = batch
        if not self.image_losses.need_identity:
            painting = self.generator.paint(x, y)
            return {"stylised": painting.picture, "target": painting.target}
        painting = self.generator.paint(torch.cat([x, y]), torch.cat([y, y]))
        stylised, identity = painting.picture.chunk(2)
        return {"stylised": stylised, "identity": identity, "target": painting.target[: len(x)]}

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """See the class."""
        terms = self.adversarial_terms(batch, fakes)
        if self.content_weight != 0:
            bottleneck = self.generator.encoder.bottleneck
            encoded = self.generator.encode(fakes["stylised"], [bottleneck])[bottleneck]
            terms["adain_content"] = self.content_weight * mse_loss(encoded.float(), fakes["target"].float())
        return terms | self.image_terms(batch, fakes)
