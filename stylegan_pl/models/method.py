"""The interface of a method: what it must define for training, and how it paints."""

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
    """Defines the networks, what they generate from a batch, and each player's loss.

    `TwoPlayerModule` adds the training.

    Args:
        has_goal: whether L_G has a term with a weight, image losses excluded.
    """

    has_opponent = False  # has a discriminator: takes `GameParts`
    needs_pairs = False  # content and style of a pair must show the same scene
    gives_style = False  # the generator also gets the style image
    needs_image_loss = ""  # class name of an image loss that the method requires
    conditions_discriminator = False  # the discriminator's input has a second picture: 6 channels

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
        """All generated pictures of a step; both players use them."""

    @abstractmethod
    def generator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """The weighted terms of L_G; `fakes` have gradients."""

    @abstractmethod
    def discriminator_loss(self, batch: StylePair, fakes: OwnFakes) -> Terms:
        """The weighted terms of L_D; `fakes` are detached."""

    @abstractmethod
    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """The modules of `generator` or `discriminator`, which that player's optimizer trains."""

    def paint(self, images: Tensor, batch: StylePair) -> Tensor:
        """The generator on other images, in the batch's style if it takes a style; (N, 3, H, W)."""
        return self.generator(images)

    def image_terms(self, batch: StylePair, fakes: Fakes) -> Terms:
        """The weighted image losses of the generated pictures."""
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
        """The network for painting: the average, if there is one."""
        return self.generator if self.ema is None else self.ema.averaged

    def forward(self, content: Tensor, style: Tensor) -> Tensor:
        """Photographs -> stylised pictures by the averaged generator; (N, 3, H, W) in [-1, 1].

        `style` is only used if the generator takes a style.
        """
        return self.stylizer(content, style) if self.gives_style else self.stylizer(content)

    def validation_step(self, batch: StylePair, batch_idx: int) -> Tensor:
        """The averaged generator's pictures of a fixed batch, for callbacks."""
        return self(batch.content, batch.style)
