"""The parts that every method gets; `training.build` assembles them."""

from dataclasses import dataclass

from torch import nn

from stylegan_pl.contracts import OptimizerFactory, Schedule
from stylegan_pl.losses.image_loss import ImageLoss
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.nn.layers.features import FeatureNetwork


@dataclass(kw_only=True)
class Parts:
    """The networks, optimizers and losses of a method. Each field is a key of `model` in the config.

    Args:
        generator: the network that is averaged and exported; (N, 3, H, W) in [-1, 1] -> the same.
        generator_optimizer: parameters -> optimizer.
        schedule: progress -> factor of all learning rates.
        mechanics: options of two-player training.
        image_losses: name -> weighted loss of the stylised picture; any number.
        feature_network: frozen network of perceptual losses; None if no loss needs it.
    """

    generator: nn.Module
    generator_optimizer: OptimizerFactory
    schedule: Schedule
    mechanics: Mechanics
    image_losses: dict[str, ImageLoss]
    feature_network: FeatureNetwork | None = None


@dataclass(kw_only=True)
class GameParts(Parts):
    """The parts of a method with a discriminator (`has_opponent`).

    Args:
        discriminator: image -> logits, of one head or several.
        game: the adversarial loss, with penalty, augmentation and pool.
        discriminator_optimizer: parameters -> optimizer.
    """

    discriminator: nn.Module
    game: AdversarialGame
    discriminator_optimizer: OptimizerFactory
