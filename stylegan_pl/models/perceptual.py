"""Feed-forward style transfer without an opponent: perceptual losses alone (Johnson et al., 2016)."""

from collections.abc import Iterable

from torch import nn

from stylegan_pl.contracts import Fakes, OptimizerFactory, Schedule, StylePair, Terms
from stylegan_pl.errors import ConfigError
from stylegan_pl.losses.image_loss import ImageLoss
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.nn.layers.features import FeatureNetwork


class PerceptualTransfer(TwoPlayerModule):
    """One network against fixed losses; nobody discriminates.

        L_G = w_c · content(G(x), x) + w_s · style(G(x), y) + w_tv · TV(G(x))      (Johnson et al., equation 5)

    Each term is an image loss of its own. Departure: y is any painting of the style set, so what is learned is the
    set's style; for Johnson's single painting give a folder with two crops of it.
    """

    def __init__(
        self,
        generator: nn.Module,
        generator_optimizer: OptimizerFactory,
        schedule: Schedule,
        mechanics: Mechanics,
        *,
        image_losses: dict[str, ImageLoss],
        feature_network: FeatureNetwork | None = None,
    ) -> None:
        super().__init__(
            generator, generator_optimizer, None, schedule, mechanics, image_losses=image_losses,
            feature_network=feature_network,
        )  # fmt: skip
        if not self.image_losses:
            raise ConfigError(
                "the generator has nothing to learn: every image loss is 0; type image_loss=[style,content]"
            )

    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """The generator alone."""
        return [self.generator]

    def generate(self, batch: StylePair) -> Fakes:
        """G(x), and G(y) where an image loss asks for it."""
        fakes = {"stylised": self.generator(batch.content)}
        return fakes | ({"identity": self.generator(batch.style)} if self.image_losses.need_identity else {})

    def generator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """See the class."""
        return self.image_terms(batch, fakes)

    def discriminator_loss(self, batch: StylePair, fakes: Fakes) -> Terms:
        """Nobody descends anything."""
        return {}
