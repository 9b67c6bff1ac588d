"""CycleGAN: there and back again, so that unpaired sets suffice (Zhu et al., 2017)."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.fakes import Fakes
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.models.parts import GameParts


@dataclass(kw_only=True)
class CycleFakes(Fakes):
    """With F(y), and what only terms with a weight ask for: F(G(x)), G(F(y)) and F(x)."""

    photograph: Tensor
    cycled_content: Tensor | None = None
    cycled_style: Tensor | None = None
    content_identity: Tensor | None = None


class CycleGAN(TwoPlayerModule):
    """G: photographs x -> paintings y, F: back; D_Y judges paintings, D_X photographs.

        L_G = w_adv · [adv_G(D_Y(G(x))) + adv_G(D_X(F(y)))]
              + λ · [mean |F(G(x)) − x| + mean |G(F(y)) − y|]
              + λ_idt · λ · [mean |G(y) − y| + mean |F(x) − x|]
              + Σ_i w_i · L_i(G(x), x, y)
        L_D = ½ · [adv_D(D_Y(y), D_Y(pool(G(x)))) + adv_D(D_X(x), D_X(pool(F(y))))]

    λ = 10 and λ_idt = ½ (sections 4 and 5.2; appendix 7.2), least squares, a pool of 50 fakes a discriminator. One
    optimizer moves both generators, one both discriminators.

    Three forwards make all six pictures, G of [x, y], F of [y, G(x), x], G of F(y): the same numbers, as nothing here
    meets across a batch. Image losses judge G(x), the direction that is used.

    Args:
        parts: of G and D_Y, with its game and pool.
        backward_generator: F.
        content_discriminator: D_X.
        content_game: of D_X, with its own pool.
        cycle_weight: λ.
        identity_weight: λ_idt, relative to λ; keeps colours, and too much of it keeps everything.
        shared_forwards: whether pictures of one generator are made in one batch where they can be; false: six forwards.
    """

    has_opponent = True

    def __init__(
        self,
        parts: GameParts,
        *,
        backward_generator: nn.Module,
        content_discriminator: nn.Module,
        content_game: AdversarialGame,
        adversarial_weight: float = 1.0,
        cycle_weight: float = 10.0,
        identity_weight: float = 0.5,
        shared_forwards: bool = True,
    ) -> None:
        super().__init__(parts, plays=adversarial_weight != 0)
        self.backward_generator = backward_generator
        self.discriminator, self.content_discriminator = parts.discriminator, content_discriminator
        self.game, self.content_game = parts.game, content_game
        self.adversarial_weight, self.cycle_weight = adversarial_weight, cycle_weight
        self.identity_weight = identity_weight * cycle_weight
        self.shared_forwards = shared_forwards

    @property
    def has_goal(self) -> bool:
        """See the parent."""
        return self.adversarial_weight != 0 or self.cycle_weight != 0 or super().has_goal

    def player_modules(self, player: str) -> Iterable[nn.Module]:
        """Two networks each."""
        if player == "generator":
            return [self.generator, self.backward_generator]
        return [self.discriminator, self.content_discriminator]

    def generate(self, batch: StylePair) -> CycleFakes:
        """G(x), F(y), the way back of both, and what each makes of its own domain where that is asked."""
        x, y = batch
        identity = self.identity_weight != 0 or self.image_losses.need_identity
        stylised, *same_style = self._make(self.generator, [x, y] if identity else [x])
        backwards = {"photograph": y}
        if self.cycle_weight != 0:
            backwards["cycled_content"] = stylised
        if self.identity_weight != 0:
            backwards["content_identity"] = x
        made = dict(zip(backwards, self._make(self.backward_generator, list(backwards.values())), strict=True))
        return CycleFakes(
            stylised=stylised,
            identity=same_style[0] if identity else None,
            photograph=made["photograph"],
            cycled_content=made.get("cycled_content"),
            cycled_style=self.generator(made["photograph"]) if self.cycle_weight != 0 else None,
            content_identity=made.get("content_identity"),
        )

    def _make(self, generator: nn.Module, images: list[Tensor]) -> list[Tensor]:
        if not self.shared_forwards:
            return [generator(image) for image in images]
        return list(generator(torch.cat(images)).split(len(images[0])))

    def generator_loss(self, batch: StylePair, fakes: CycleFakes) -> Terms:
        """See the class."""
        terms: Terms = {}
        if self.adversarial_weight != 0:
            to_style = self.game.generator_loss(self.discriminator, fakes.stylised, batch.style)
            to_content = self.content_game.generator_loss(self.content_discriminator, fakes.photograph, batch.content)
            terms["adversarial_style"] = self.adversarial_weight * to_style
            terms["adversarial_content"] = self.adversarial_weight * to_content
        if fakes.cycled_content is not None and fakes.cycled_style is not None:
            terms["cycle_content"] = self.cycle_weight * _l1(fakes.cycled_content, batch.content)
            terms["cycle_style"] = self.cycle_weight * _l1(fakes.cycled_style, batch.style)
        if fakes.identity is not None and fakes.content_identity is not None:
            terms["identity_style"] = self.identity_weight * _l1(fakes.identity, batch.style)
            terms["identity_content"] = self.identity_weight * _l1(fakes.content_identity, batch.content)
        return terms | self.image_terms(batch, fakes)

    def discriminator_loss(self, batch: StylePair, fakes: CycleFakes) -> Terms:
        """See the class."""
        step = self.clock.discriminator_step
        not_style = self.game.negatives(batch.content)
        not_content = self.content_game.negatives(batch.style)
        style = self.game.discriminator_loss(
            self.discriminator, batch.style, fakes.stylised, step=step, negatives=not_style
        )
        content = self.content_game.discriminator_loss(
            self.content_discriminator, batch.content, fakes.photograph, step=step, negatives=not_content
        )
        return {f"{name}_style": term for name, term in style.items()} | {
            f"{name}_content": term for name, term in content.items()
        }


def _l1(image: Tensor, target: Tensor) -> Tensor:
    return l1_loss(image.float(), target)
