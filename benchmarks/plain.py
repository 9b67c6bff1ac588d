"""Training steps written the plain way: eager, float32, stock layers in NCHW, a forward for every picture.

The order of forwards and backwards is that of the published code of CycleGAN and pix2pix; the code is our own. Networks
are built from the same config and given the same weights as ours, so losses can be compared number by number.
"""

import copy
from abc import ABC, abstractmethod
from itertools import chain

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss, mse_loss

from stylegan_pl.contracts import StylePair
from stylegan_pl.models.base import TwoPlayerModule
from stylegan_pl.models.cyclegan import CycleGAN
from stylegan_pl.models.pix2pix import Pix2Pix


class PlainStep(ABC):
    """Calling it makes one step and returns the losses by name."""

    @abstractmethod
    def __call__(self) -> dict[str, Tensor]:
        """See the class."""


class PlainCycleGAN(PlainStep):
    """Six generator forwards; two discriminators in turn, each with a forward for reals and one for fakes."""

    def __init__(self, model: CycleGAN, batch: StylePair, *, lr: float = 2e-4, pool_size: int = 50) -> None:
        copied = [copy.deepcopy(net) for net in (model.generator, model.backward_generator)]
        self.paint, self.unpaint = copied
        self.judge_style, self.judge_content = (
            copy.deepcopy(net) for net in (model.discriminator, model.content_discriminator)
        )
        self.batch = batch
        self.cycle_weight, self.identity_weight = model.cycle_weight, model.identity_weight
        self.generators = _adam(self.paint, self.unpaint, lr=lr)
        self.discriminators = _adam(self.judge_style, self.judge_content, lr=lr)
        self.pools = _Pool(pool_size), _Pool(pool_size)

    def __call__(self) -> dict[str, Tensor]:
        """See the class."""
        x, y = self.batch
        painting, photograph = self.paint(x), self.unpaint(y)
        cycled_x, cycled_y = self.unpaint(painting), self.paint(photograph)
        _train(False, self.judge_style, self.judge_content)
        self.generators.zero_grad()
        losses: dict[str, Tensor] = {}
        if self.identity_weight:
            losses["identity_style"] = self.identity_weight * l1_loss(self.paint(y), y)
            losses["identity_content"] = self.identity_weight * l1_loss(self.unpaint(x), x)
        losses["adversarial_style"] = _toward(self.judge_style(painting), 1)
        losses["adversarial_content"] = _toward(self.judge_content(photograph), 1)
        losses["cycle_content"] = self.cycle_weight * l1_loss(cycled_x, x)
        losses["cycle_style"] = self.cycle_weight * l1_loss(cycled_y, y)
        sum(losses.values(), torch.zeros(())).backward()
        self.generators.step()

        _train(True, self.judge_style, self.judge_content)
        self.discriminators.zero_grad()
        named = {f"generator/{name}": loss.detach() for name, loss in losses.items()}
        sides = {"style": (self.judge_style, y, painting), "content": (self.judge_content, x, photograph)}
        for pool, (name, (judge, real, fake)) in zip(self.pools, sides.items(), strict=True):
            loss = 0.5 * (_toward(judge(real), 1) + _toward(judge(pool(fake.detach())), 0))
            loss.backward()
            named[f"discriminator/adversarial_{name}"] = loss.detach()
        self.discriminators.step()
        return named


class PlainPix2Pix(PlainStep):
    """D first: a forward for the fake pair and one for the real; then G against the moved D."""

    def __init__(self, model: Pix2Pix, batch: StylePair, *, lr: float = 2e-4) -> None:
        self.paint, self.judge = copy.deepcopy(model.generator), copy.deepcopy(model.discriminator)
        self.batch, self.l1_weight = batch, model.l1_weight
        self.generators, self.discriminators = _adam(self.paint, lr=lr), _adam(self.judge, lr=lr)

    def __call__(self) -> dict[str, Tensor]:
        """See the class."""
        x, y = self.batch
        painting = self.paint(x)
        _train(True, self.judge)
        self.discriminators.zero_grad()
        of_fake = self.judge(torch.cat([x, painting.detach()], dim=1))
        of_real = self.judge(torch.cat([x, y], dim=1))
        judged = 0.5 * (_says(of_fake, 0) + _says(of_real, 1))
        judged.backward()
        self.discriminators.step()

        _train(False, self.judge)
        self.generators.zero_grad()
        fooled = _says(self.judge(torch.cat([x, painting], dim=1)), 1)
        distance = self.l1_weight * l1_loss(painting, y)
        (fooled + distance).backward()
        self.generators.step()
        return {
            "discriminator/adversarial": judged.detach(),
            "generator/adversarial": fooled.detach(),
            "generator/l1": distance.detach(),
        }


def plain_step(model: TwoPlayerModule, batch: StylePair) -> PlainStep | None:
    """A model's step the plain way, or None where that is not written out; before the model's `configure_model`."""
    if isinstance(model, CycleGAN):
        return PlainCycleGAN(model, batch)
    return PlainPix2Pix(model, batch) if isinstance(model, Pix2Pix) else None


class _Pool:
    """Earlier fakes, one by one (Shrivastava et al., 2017)."""

    def __init__(self, size: int) -> None:
        self.size, self.images = size, list[Tensor]()

    def __call__(self, images: Tensor) -> Tensor:
        handed = []
        for image in images:
            if len(self.images) < self.size:
                self.images.append(image)
            elif torch.rand(()) < 0.5:
                place = int(torch.randint(self.size, ()))
                image, self.images[place] = self.images[place], image
            handed.append(image)
        return torch.stack(handed)


def _adam(*networks: nn.Module, lr: float) -> torch.optim.Adam:
    return torch.optim.Adam(chain(*(network.parameters() for network in networks)), lr=lr, betas=(0.5, 0.999))


def _train(trains: bool, *networks: nn.Module) -> None:
    for network in networks:
        network.requires_grad_(trains)


def _toward(logits: Tensor, label: float) -> Tensor:
    """Least squares."""
    return mse_loss(logits, torch.full_like(logits, label))


def _says(logits: Tensor, label: float) -> Tensor:
    """Cross entropy."""
    return binary_cross_entropy_with_logits(logits, torch.full_like(logits, label))
