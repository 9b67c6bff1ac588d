"""What a method says of itself, and what is used of it once it is trained."""

from abc import ABC, abstractmethod
from collections.abc import Iterable

import lightning as L
from torch import Tensor, nn

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.losses.image_loss import ImageLosses, Views
from stylegan_pl.models.fakes import Fakes, OwnFakes
from stylegan_pl.models.parts import Parts
from stylegan_pl.nn.training.ema import ExponentialMovingAverage


class Method(L.LightningModule, ABC):
    """Which networks there are, what they make of a batch, and what each player descends.

    `TwoPlayerModule` trains it.

    Args:
        has_goal: whether a term of L_G has a weight, image losses aside.
    """

    has_opponent = False  # takes `GameParts`
    needs_pairs = False  # content and style of a pair must show the same scene
    gives_style = False  # the generator is called with the style image as well
    needs_image_loss = ""  # the class of one that the method is nothing without
    conditions_discriminator = False  # the discriminator sees a second picture beside the one it judges: 6 channels

    def __init__(self, parts: Parts, *, has_goal: bool = False) -> None:
        super().__init__()
        self.generator = parts.generator
        self.image_losses = ImageLosses(parts.image_losses, parts.generator)
        self.has_goal = has_goal or len(self.image_losses) > 0
        self.feature_network = parts.feature_network
        half_life = parts.mechanics.ema_half_life_images
        self.ema = None if half_life is None else ExponentialMovingAverage(parts.generator, half_life)

    @abstractmethod
    def generate(self, batch: StylePair) -> Fakes:
        """Every picture of the step, each made once; both players answer to these."""

    @abstractmethod
    def generator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """Weighted terms that the generator descends; `fakes` carry gradients."""

    @abstractmethod
    def discriminator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """Weighted terms that the discriminator descends; `fakes` are detached."""

    @abstractmethod
    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """The modules that `generator` or `discriminator` trains."""

    def paint(self, images: Tensor, batch: StylePair) -> Tensor:
        """The generator in training on other images, in the batch's style where it takes one."""
        return self.generator(images)

    def image_terms(self, batch: StylePair, fakes: Fakes) -> Terms:
        """Every image loss of what was generated, weighted; beside the photographs as G saw them."""
        content = batch.content.flip(-1) if fakes.mirrored else batch.content
        views = Views(
            fakes.stylised, content, batch.style, identity=fakes.identity, network=self.feature_network,
            paint=lambda images: self.paint(images, batch), encode=getattr(self.generator, "encode", None),
            mirrored=fakes.mirrored, stylised_features=fakes.features,
        )  # fmt: skip
        return self.image_losses(views)

    # ------------------------------------------------------------------ inference

    @property
    def stylizer(self) -> nn.Module:
        """The network to use: the average where one is kept."""
        return self.generator if self.ema is None else self.ema.averaged

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        """Photographs -> stylised pictures by the averaged generator; (N, 3, H, W) in [-1, 1].

        The style is looked at only where the generator takes it as an input.
        """
        return self.stylizer(content, style) if self.gives_style else self.stylizer(content)

    def validation_step(self, batch: StylePair, batch_idx: int) -> Tensor:
        """The averaged generator's pictures of a fixed batch, for callbacks to judge."""
        return self(batch.content, batch.style)
