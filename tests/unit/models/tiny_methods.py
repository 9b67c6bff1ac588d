"""Methods of networks that are small enough to be asked by hand what each term should be."""

from dataclasses import fields
from functools import partial
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from stylegan_pl.contracts import StylePair
from stylegan_pl.generators.resnet import ResNetGenerator
from stylegan_pl.losses.adversarial import Relativistic
from stylegan_pl.losses.image_loss import ImageLoss, Views
from stylegan_pl.losses.penalties import NoPenalty
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.models.mechanics import Mechanics
from stylegan_pl.models.parts import GameParts, Parts
from stylegan_pl.models.schedule import Constant
from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.layers.init import init_he

SIDE = 16


def pictures(seed: int, count: int = 2) -> Tensor:
    return torch.rand(count, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)) * 2 - 1


BATCH = StylePair(pictures(1), pictures(2))


def generator(seed: int) -> ResNetGenerator:
    """Lively, so that pictures made by different ones differ."""
    torch.manual_seed(seed)
    return ResNetGenerator(blocks=1, width=4, init=init_he)


def critic(seed: int, inputs: int = 3) -> nn.Module:
    """One logit for each position of 4 × 4 pixels; every picture is judged on its own."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(inputs, 4, 4, stride=2), nn.Tanh(), nn.Conv2d(4, 1, 1))


def relativistic(wanted_higher: Tensor, wanted_lower: Tensor) -> Tensor:
    """Both players' loss, which looks at reals and fakes alike: no argument of a term can be mistaken unnoticed."""
    return softplus(wanted_lower - wanted_higher).mean()


def game(**options: Any) -> AdversarialGame:
    return AdversarialGame(Relativistic(), NoPenalty(), DiffAugment(), **options)


def parts(net: nn.Module, judge: nn.Module | None = None, played: AdversarialGame | None = None, **given: Any) -> Any:
    """What every method takes; without a judge, those of a method without an opponent.

    Args:
        given: fields, and image losses by name.
    """
    adam = partial(torch.optim.Adam, lr=1e-3)
    named = {field.name for field in fields(GameParts)}
    options = {"schedule": Constant(), "mechanics": Mechanics(seed=0, max_images=100)}
    options |= {name: value for name, value in given.items() if name in named}
    options |= {"image_losses": {name: loss for name, loss in given.items() if name not in named}}
    if judge is None or played is None:
        return Parts(generator=net, generator_optimizer=adam, **options)
    return GameParts(
        generator=net, generator_optimizer=adam, discriminator=judge, discriminator_optimizer=adam, game=played,
        **options,
    )  # fmt: skip


def trainer(**facts: Any) -> Any:
    """As much of one as a model asks."""
    known = {"global_rank": 0, "world_size": 1, "training": True, "should_stop": False, "optimizers": []}
    known |= {"datamodule": SimpleNamespace(epoch_images=10), "precision_plugin": None}
    return SimpleNamespace(**(known | facts))


class Recorded(ImageLoss):
    """Keeps what it was shown."""

    def __init__(self, *, weight: float = 1.0, needs_identity: bool = False) -> None:
        super().__init__(weight=weight)
        self.needs_identity = needs_identity  # type: ignore[misc]  # a class's, here an instance's
        self.views: list[Views] = []

    def forward(self, views: Views) -> Tensor:
        """The mean of the picture."""
        self.views.append(views)
        return views.stylised.mean()
