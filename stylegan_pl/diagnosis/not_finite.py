"""Losses, weights and pictures that are nan or infinite."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from stylegan_pl.diagnosis.symptom import PictureDetector, Symptom

ADVICE = (
    "type precision=fp32 (bf16 where it was fp16), model.mechanics.generator_clip_norm=1 "
    "model.mechanics.discriminator_clip_norm=1, or half of model.generator_optimizer.lr and "
    "model.discriminator_optimizer.lr"
)


def not_finite_terms(terms: Mapping[str, float]) -> list[str]:
    """Names of the terms that are nan or infinite."""
    return [name for name, value in terms.items() if not math.isfinite(value)]


@torch.no_grad()
def weights_are_finite(module: nn.Module) -> bool:
    """Whether every parameter is finite; waits for the device once."""
    each = [parameter.isfinite().all() for parameter in module.parameters()]
    return not each or bool(torch.stack(each).all())


class NotFinitePictures(PictureDetector):
    """Reported if a stylised picture contains nan or inf although all weights are finite: half precision overflowed."""

    name = "not finite"
    advice = "type precision=bf16, or fp32"

    def __init__(self, *, after_images: int = 0) -> None:
        super().__init__(after_images=after_images)

    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        """See `PictureDetector`."""
        broken = int((~stylised.isfinite()).flatten(1).any(dim=1).sum())
        if broken == 0:
            return None
        return Symptom(self.name, f"{broken} of {len(stylised)} pictures hold nan or infinity", self.advice)
