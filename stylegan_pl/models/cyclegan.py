"""CycleGAN: cycle consistency between two generators, for unpaired sets (Zhu et al., 2017)."""

from typing import Any

from torch import nn
from torch.nn.functional import l1_loss

from stylegan_pl.contracts import StylePair, Terms
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.fakes import CycleFakes
from stylegan_pl.models.game import AdversarialGame
from stylegan_pl.models.parts import GameParts
from stylegan_pl.nn.fast.one_forward import in_one_forward, one_by_one


class CycleGAN(TwoPlayerModule):
    """G: photographs x -> paintings y, F: paintings -> photographs; D_Y for paintings, D_X for photographs.

        L_G = w_adv · [adv_G(D_Y(G(x))) + adv_G(D_X(F(y)))]
              + λ · [mean |F(G(x)) − x| + mean |G(F(y)) − y|]
              + λ_idt · λ · [mean |G(y) − y| + mean |F(x) − x|]
              + Σ_i w_i · L_i(G(x), x, y)
        L_D = ½ · [adv_D(D_Y(y), D_Y(pool(G(x)))) + adv_D(D_X(x), D_X(pool(F(y))))]

    λ = 10 and λ_idt = ½ (sections 4 and 5.2; appendix 7.2), least squares, a pool of 50 fakes per discriminator. One
    optimizer trains both generators, one both discriminators.

    Three forward passes make all six pictures: G of [x, y], F of [y, G(x), x], G of F(y). Image losses are of G(x), the
    direction that is used after training.

    Args:
        parts: G and D_Y, and D_Y's game with its pool.
        backward_generator: F.
        content_discriminator: D_X.
        content_game: D_X's game, with its own pool.
        cycle_weight: λ.
        identity_weight: λ_idt, relative to λ; keeps colours, but a large weight suppresses the style.
        shared_forwards: True: batch pictures of the same generator where possible. False: six forward passes, which
            need less memory.
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
        super().__init__(parts, trains_discriminator=adversarial_weight != 0, own_weights=[cycle_weight])
        self.backward_generator = backward_generator
        self.discriminator, self.content_discriminator = parts.discriminator, content_discriminator
        self.game, self.content_game = parts.game, content_game
        self.adversarial_weight, self.cycle_weight = adversarial_weight, cycle_weight
        self.identity_weight = identity_weight * cycle_weight
        self.make = in_one_forward if shared_forwards else one_by_one

    def player_modules(self, player: str) -> list[nn.Module]:
        """Each player's two networks."""
        if player == "generator":
            return [self.generator, self.backward_generator]
        return [self.discriminator, self.content_discriminator]

    def generate(self, batch: StylePair) -> CycleFakes:
        """G(x), F(y); if their weights are not 0, also the cycles F(G(x)), G(F(y)) and identities G(y), F(x)."""
        x, y = batch
        identity = {"identity": y} if self.identity_weight != 0 or self.image_losses.need_identity else {}
        fakes: dict[str, Any] = self.make(self.generator, {"stylised": x} | identity)
        cycled = {"cycled_content": fakes["stylised"]} if self.cycle_weight != 0 else {}
        content_identity = {"content_identity": x} if self.identity_weight != 0 else {}
        fakes |= self.make(self.backward_generator, {"photograph": y} | cycled | content_identity)
        if self.cycle_weight != 0:
            fakes["cycled_style"] = self.generator(fakes["photograph"])
        return CycleFakes(**fakes)

    def generator_loss(self, batch: StylePair, fakes: CycleFakes) -> Terms:
        """The weighted terms of L_G."""
        x, y = batch
        terms: Terms = {}
        if self.adversarial_weight != 0:
            to_style = self.game.generator_loss(self.discriminator, fakes.stylised, y)
            to_content = self.content_game.generator_loss(self.content_discriminator, fakes.photograph, x)
            terms["adversarial_style"] = self.adversarial_weight * to_style
            terms["adversarial_content"] = self.adversarial_weight * to_content
        if fakes.cycled_content is not None and fakes.cycled_style is not None:
            terms["cycle_content"] = self.cycle_weight * l1_loss(fakes.cycled_content.float(), x)
            terms["cycle_style"] = self.cycle_weight * l1_loss(fakes.cycled_style.float(), y)
        if fakes.identity is not None and fakes.content_identity is not None:
            terms["identity_style"] = self.identity_weight * l1_loss(fakes.identity.float(), y)
            terms["identity_content"] = self.identity_weight * l1_loss(fakes.content_identity.float(), x)
        return terms | self.image_terms(batch, fakes)

    def discriminator_loss(self, batch: StylePair, fakes: CycleFakes) -> Terms:
        """The weighted terms of L_D."""
        x, y = batch
        step = self.clock.discriminator_step
        of_style = self.game.discriminator_loss(
            self.discriminator, y, fakes.stylised, step=step, negatives=self.game.negatives(x)
        )
        of_content = self.content_game.discriminator_loss(
            self.content_discriminator, x, fakes.photograph, step=step, negatives=self.content_game.negatives(y)
        )
        style_terms = {f"{name}_style": term for name, term in of_style.items()}
        return style_terms | {f"{name}_content": term for name, term in of_content.items()}
