"""One generator, one discriminator, any image losses: the source document's method."""

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.balance import GradientBalance
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.feature_game import MakeHeads
from stylegan_pl.models.one_generator import OneGeneratorGAN
from stylegan_pl.models.parts import GameParts


class VanillaGAN(OneGeneratorGAN):
    """min_G max_D for one pair of networks; G gets the content x, D the style y.

        L_G = w_adv · adv_G(D(G(x))) + w_H · adv_G(H(Φ(G(x)))) + Σ_i w_i · L_i(G(x), x, y)
        L_D = adv_D(D(y), D(G(x))) + γ · penalty + adv_D(H(Φ(y)), H(Φ(G(x))))

    With `bce` and the pixel loss this is the source document's code; with `least_squares` and the Gram style loss it is
    the document's formulas. The document runs the generator twice per step; here both players use one forward pass.

    H are heads on the features Φ of the image losses (`FeatureGame`). With a share s, both adversarial weights are
    multiplied so that their gradient's norm is s times that of all image losses, or less while the discriminator
    cannot separate paintings and fakes (`GradientBalance`).

    Args:
        adversarial_weight: w_adv; 0: D is not trained.
        feature_heads: builds H; None: no heads.
        feature_adversarial_weight: w_H.
        adversarial_share: s; None: constant weights.
    """

    def __init__(
        self,
        parts: GameParts,
        *,
        adversarial_weight: float = 1.0,
        feature_heads: MakeHeads | None = None,
        feature_adversarial_weight: float = 1.0,
        adversarial_share: float | None = None,
    ) -> None:
        super().__init__(
            parts, adversarial_weight=adversarial_weight, feature_heads=feature_heads,
            feature_weight=feature_adversarial_weight,
        )  # fmt: skip
        share = adversarial_share
        self.balance = None if share is None else GradientBalance(share, self.image_losses)

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """The weighted terms of L_G."""
        adversarial, image = self.adversarial_terms(batch, fakes), self.image_terms(batch, fakes)
        if self.balance is not None and adversarial:
            factor = self.balance(adversarial, image, fakes.stylised, step=self.clock.step)
            adversarial = {name: factor * term for name, term in adversarial.items()}
        return adversarial | image

    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """The weighted terms of L_D."""
        terms = super().discriminator_loss(batch, fakes)
        if self.balance is not None:
            self.balance.update(self.certainty())
        return terms
