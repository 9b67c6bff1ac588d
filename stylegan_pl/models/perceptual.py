"""Feed-forward style transfer without a discriminator: perceptual losses only (Johnson et al., 2016)."""

from collections.abc import Iterable

from torch import nn

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.fakes import Fakes


class PerceptualTransfer(TwoPlayerModule):
    """One generator, trained by perceptual losses.

        L_G = w_c · content(G(x), x) + w_s · style(G(x), y) + w_tv · TV(G(x))      (Johnson et al., equation 5)

    Each term is an image loss. Departure: y is any painting of the style set, so the generator learns the set's style;
    for Johnson's single painting, type data=one_painting data.style.root=FILE.
    """

    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """The generator; there is no discriminator."""
        return [self.generator]

    def generate(self, batch: StylePair) -> Fakes:
        """G(x), and G(y) if an image loss needs it."""
        stylised = self.generator(batch.content)
        return Fakes(
            stylised=stylised, identity=self.generator(batch.style) if self.image_losses.need_identity else None
        )

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """The weighted terms of L_G."""
        return self.image_terms(batch, fakes)

    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """No terms."""
        return {}
