"""Style-aware content loss: compares features of the generator's own encoder (Sanakoyeu et al., 2018)."""

import torch
from torch.nn.functional import avg_pool2d, l1_loss

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import Encode
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.one_generator import OneGeneratorGAN
from stylegan_pl.models.parts import GameParts


class AST(OneGeneratorGAN):
    """E is G's encoder, T a fixed average over 10 × 10 pixels; D also gets photographs as fakes, if the game says so.

        L_G = w_adv · adv_G(D(G(x))) + λ_T · mean (T(x) − T(G(x)))² + λ_c · mean |E(x) − E(G(x))| + Σ_i w_i · L_i
        L_D = adv_D(D(y), {D(G(x)), D(x)})

    λ_T = λ_c = 100 (equations 3 to 6 and the published code). E is trained with G, so it learns which content
    matters for this style.

    Departures: L_D is one mean over both kinds of fakes, where the paper adds two terms. Both players step on every
    batch; in the paper, only the player that lost the last batches does. Any generator with an encoder and any
    discriminator can be used; the paper has its own.

    Args:
        transformed_weight: λ_T.
        content_weight: λ_c.
        pool_size: side of T's average, pixels.
        encoder_layer: the generator's tap that is E; None: the deepest.

    Raises:
        ConfigError: the generator has no encoder, or not this tap.
    """

    def __init__(
        self,
        parts: GameParts,
        *,
        adversarial_weight: float = 1.0,
        transformed_weight: float = 100.0,
        content_weight: float = 100.0,
        pool_size: int = 10,
        encoder_layer: str | None = None,
    ) -> None:
        own_weights = [transformed_weight, content_weight]
        super().__init__(parts, adversarial_weight=adversarial_weight, own_weights=own_weights)
        self.transformed_weight, self.content_weight = transformed_weight, content_weight
        self.pool_size = pool_size
        taps = list(getattr(self.generator, "taps", {}))
        if content_weight != 0 and not taps:
            raise ConfigError(
                f"model=ast compares what the generator encodes, and {type(self.generator).__name__} has no encoder to "
                "read; type generator@model.generator=resnet9, or model.content_weight=0"
            )
        if encoder_layer is not None and encoder_layer not in taps:
            raise ConfigError(f"model.encoder_layer={encoder_layer}: this generator has {', '.join(taps)}")
        self.encoder_layer = encoder_layer or (taps[-1] if taps else None)

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """The weighted terms of L_G."""
        terms = self.adversarial_terms(batch, fakes)
        stylised, content = fakes.stylised, batch.content
        if self.transformed_weight != 0:
            gap = avg_pool2d(stylised.float() - content, self.pool_size, stride=1)  # T is linear
            terms["transformed"] = self.transformed_weight * gap.square().mean()
        if self.content_weight != 0 and self.encoder_layer is not None:
            encode: Encode = self.generator.encode  # type: ignore[assignment]  # nn.Module hides methods' types
            encoded = encode(torch.cat([stylised, content]), [self.encoder_layer])[self.encoder_layer]
            of_stylised, of_content = encoded.float().chunk(2)
            terms["style_aware_content"] = self.content_weight * l1_loss(of_stylised, of_content)
        return terms | self.image_terms(batch, fakes)

    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """The weighted terms of L_D."""
        step = self.clock.discriminator_step
        negatives = self.game.negatives(batch.content)
        return self.game.discriminator_loss(
            self.discriminator, batch.style, fakes.stylised, step=step, negatives=negatives
        )
