"""CUT: content is kept by contrasting patches; one generator, no cycle (Park et al., 2020)."""

from dataclasses import replace

import torch

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.one_generator import OneGeneratorGAN
from stylegan_pl.models.parts import GameParts


class CUT(OneGeneratorGAN):
    """A patch of G(x) should be more similar to the same patch of x than to other patches of x.

        L_G = adv_G(D(G(x))) + λ_NCE · ½ [NCE(x, G(x)) + NCE(y, G(y))]     (CUT, equation 5)
        L_G = adv_G(D(G(x))) + λ_NCE · NCE(x, G(x))                        (FastCUT)
        L_D = ½ · adv_D(D(y), D(G(x)))

    NCE is `losses/patch_nce.py`: λ_NCE = 1, τ = 0.07, 256 patches of five encoder layers; FastCUT has λ_NCE = 10, no
    NCE of paintings, and flips. D steps first; there is no pool of fakes. SinCUT is CUT on a single pair of images.

    Departure: the published projector has an Adam of its own, with the generator's settings. Here the generator's Adam
    also trains the projector, which computes the same. The projector is built with the model, not in the first step.

    Args:
        flip_equivariance: in half of the steps G sees x mirrored, and its patches are compared with the original x's.
    """

    needs_image_loss = "stylegan_pl.losses.patch_nce.PatchNCE"

    def __init__(
        self,
        parts: GameParts,
        *,
        adversarial_weight: float = 1.0,
        flip_equivariance: bool = False,
    ) -> None:
        super().__init__(parts, adversarial_weight=adversarial_weight)
        self.flip_equivariance = flip_equivariance

    def generate(self, batch: StylePair) -> Fakes:
        """G(x), and G(y) if needed; with flip equivariance, in half of the steps of mirrored photographs."""
        mirrored = self.flip_equivariance and bool(torch.rand(()) < 0.5)
        seen = batch._replace(content=batch.content.flip(-1)) if mirrored else batch
        return replace(super().generate(seen), mirrored=mirrored)
