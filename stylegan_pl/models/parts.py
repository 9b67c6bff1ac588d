"""What every method is given; `training.build` puts it together once."""

from dataclasses import dataclass

from torch import nn

from stylegan_pl.contracts import OptimizerFactory, Schedule
from stylegan_pl.losses.image_loss import ImageLoss
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.nn.layers.features import FeatureNetwork


@dataclass(kw_only=True)
class Parts:
    """Each field is a key of `model` in the config.

    Args:
        generator: the network that is averaged, exported and used; (N, 3, H, W) in [-1, 1] -> the same.
        generator_optimizer: parameters -> optimizer.
        schedule: progress -> factor on all learning rates.
        mechanics: how the players take turns.
        image_losses: name -> a loss of the stylised picture, with its weight; any method takes any number of them.
        feature_network: what perceptual image losses look through; None where none does.
    """

    generator: nn.Module
    generator_optimizer: OptimizerFactory
    schedule: Schedule
    mechanics: Mechanics
    image_losses: dict[str, ImageLoss]
    feature_network: FeatureNetwork | None = None


@dataclass(kw_only=True)
class GameParts(Parts):
    """Of a method with an opponent (`TwoPlayerModule.has_opponent`).

    Args:
        discriminator: image -> logits, of one head or several.
        game: the adversarial loss, and what surrounds it.
        discriminator_optimizer: parameters -> optimizer.
    """

    discriminator: nn.Module
    game: AdversarialGame
    discriminator_optimizer: OptimizerFactory
