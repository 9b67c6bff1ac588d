"""One generator for any style: AdaIN with a conditional discriminator (after Huang and Belongie, 2017)."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.one_generator import OneGeneratorGAN
from stylegan_pl.models.parts import GameParts


@dataclass(kw_only=True)
class AdaINFakes(Fakes):
    """Adds t, the input of the decoder g: (N, C, H/8, W/8)."""

    target: Tensor


class AdaINTransfer(OneGeneratorGAN):
    """G(x, y) = g(t), t = AdaIN(f(x), f(y)); D sees a picture together with its painting.

        L_G = w_adv · adv_G(D(G(x, y), ỹ)) + w_c · mean (f(G(x, y)) − t)² + Σ_i w_i · L_i
        L_D = adv_D(D(y, ỹ), D(G(x, y), ỹ)) + γ · penalty

    f is the frozen encoder, g the decoder. With w_adv = 0, w_c = 1 and the image loss `adain_statistics` × 10 this is
    the paper's objective (equations 11 to 13); the discriminator is our addition. ỹ is y mirrored left to right: it
    shows D the style, but a real pair does not consist of the same pixels twice. A D that sees the whole picture could
    still recognise a mirror image; a PatchGAN can do so only along the middle.

    Args:
        content_weight: w_c; must be 0 if the encoder is trained, which could otherwise lower the term by shrinking f.

    Raises:
        ConfigError: `content_weight` is not 0, but the encoder is trained.
    """

    gives_style = True
    conditions_discriminator = True
    generator: AdaINGenerator

    def __init__(
        self,
        parts: GameParts,
        *,
        adversarial_weight: float = 1.0,
        content_weight: float = 1.0,
    ) -> None:
        super().__init__(parts, adversarial_weight=adversarial_weight, own_weights=[content_weight])
        self.content_weight = content_weight
        if content_weight != 0 and any(p.requires_grad for p in self.generator.encoder.parameters()):
            raise ConfigError(
                f"model.content_weight={content_weight} compares features of an encoder that is trained along, which "
                "could lower it by shrinking them; type model.content_weight=0 image_loss=[adain_statistics,content], "
                "or generator@model.generator=adain"
            )

    def discriminator_input(self, image: Tensor, batch: StylePair) -> Tensor:
        """D's input: (ỹ, image), (N, 6, H, W)."""
        return torch.cat([batch.style.flip(-1), image], dim=1)

    def paint(self, images: Tensor, batch: StylePair) -> Tensor:
        """G of other images in the batch's styles, (N, 3, H, W)."""
        return self.generator(images, batch.style)

    def generate(self, batch: StylePair) -> AdaINFakes:
        """G(x, y) and its t; G(y, y) in the same forward pass, if an image loss needs it."""
        x, y = batch
        if not self.image_losses.need_identity:
            picture, target = self.generator.paint(x, y)
            return AdaINFakes(stylised=picture, target=target)
        pictures, targets = self.generator.paint(torch.cat([x, y]), torch.cat([y, y]))
        stylised, identity = pictures.chunk(2)
        return AdaINFakes(stylised=stylised, identity=identity, target=targets[: len(x)])

    def generator_loss(self, batch: StylePair, fakes: AdaINFakes) -> Terms:
        """The weighted terms of L_G."""
        terms = self.adversarial_terms(batch, fakes)
        if self.content_weight != 0:
            bottleneck = self.generator.encoder.bottleneck
            encoded = self.generator.encode(fakes.stylised, [bottleneck])[bottleneck]
            terms["adain_content"] = self.content_weight * mse_loss(encoded.float(), fakes.target.float())
        return terms | self.image_terms(batch, fakes)
