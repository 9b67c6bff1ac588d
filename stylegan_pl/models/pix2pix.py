"""pix2pix: paired images and a conditional discriminator (Isola et al., 2017)."""

import torch
from torch import Tensor
from torch.nn.functional import l1_loss

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.one_generator import OneGeneratorGAN
from stylegan_pl.models.parts import GameParts


class Pix2Pix(OneGeneratorGAN):
    """G* = arg min_G max_D L_cGAN(G, D) + λ L_L1(G), on pairs (x, y) of the same scene.

        L_G = w_adv · adv_G(D(x, G(x))) + λ · mean |G(x) − y| + Σ_i w_i · L_i
        L_D = ½ · adv_D(D(x, y), D(x, G(x)))

    λ = 100 (section 3.1); the noise z is the generator's dropout (section 3.2). D sees x and the picture as
    six channels.

    Departure: the published code keeps dropout when it paints; here `eval()` switches it off, so painting is
    deterministic.

    Args:
        l1_weight: λ.
    """

    needs_pairs = True
    conditions_discriminator = True

    def __init__(
        self,
        parts: GameParts,
        *,
        adversarial_weight: float = 1.0,
        l1_weight: float = 100.0,
    ) -> None:
        super().__init__(parts, adversarial_weight=adversarial_weight, own_weights=[l1_weight])
        self.l1_weight = l1_weight

    def discriminator_input(self, image: Tensor, batch: StylePair) -> Tensor:
        """D's input: (x, image), (N, 6, H, W)."""
        return torch.cat([batch.content, image], dim=1)

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """The weighted terms of L_G."""
        terms = super().generator_loss(batch, fakes)
        if self.l1_weight != 0:
            terms["l1"] = self.l1_weight * l1_loss(fakes.stylised.float(), batch.style)
        return terms
