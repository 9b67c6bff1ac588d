"""ADA: the amount of augmentation follows the discriminator's overfitting (Karras et al., 2020)."""

from typing import Any

import torch
from torch import Tensor

from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.layers.discriminator import Heads
from stylegan_pl.nn.training.mean_over_ranks import mean_over_ranks


class AdaptiveAugment(DiffAugment):
    """Applies a policy to each sample with a probability p that follows r_t = E[sign D(y)].

        p <- clamp(p + sign(r_t − target) · images / ramp, 0, most)      every `interval` steps of the discriminator

    r_t is near 0 while D cannot separate reals and fakes, and 1 if D recognises every real; `images` are those of the
    interval. p and the running mean are part of the state, so a run resumes exactly.

    Logits are relative to the loss's boundary (½ for least squares); Wasserstein and relativistic losses have none, so
    the middle between the means of reals and fakes is used.

    Departures: the paper applies each of 18 transforms with probability p; here the whole policy is applied with
    probability p. r_t is a mean over all logits, patches and heads.

    Args:
        policy: the augmentation.
        target: desired r_t.
        interval: discriminator steps between changes of p.
        ramp_images: number of images over which p can rise from 0 to 1.
        most: largest p; below 1, some pictures are never changed, so the generator does not learn the augmentation.

    Raises:
        ValueError: `interval` or `ramp_images` is below 1, or `most` is outside (0, 1].
    """

    p: Tensor
    signs: Tensor

    def __init__(
        self,
        policy: DiffAugment,
        *,
        target: float = 0.6,
        interval: int = 4,
        ramp_images: int = 500_000,
        most: float = 1.0,
    ) -> None:
        super().__init__()
        if interval < 1 or ramp_images < 1:
            raise ValueError(f"interval and ramp_images must be at least 1, got {interval} and {ramp_images}")
        if not 0 < most <= 1:
            raise ValueError(f"most is a probability above 0, got {most}; diff_augment=none never augments")
        self.policy = policy
        self.target, self.interval, self.ramp_images, self.most = target, interval, ramp_images, most
        self.register_buffer("p", torch.zeros(()))
        self.register_buffer("signs", torch.zeros(()))  # sum of each step's mean sign since the last change of p
        self.steps, self.images = 0, 0  # since the last change of p

    def forward(self, images: Tensor) -> Tensor:
        """See `DiffAugment`."""
        changed = torch.rand(len(images), 1, 1, 1, device=images.device) < self.p
        return torch.where(changed, self.policy(images), images)

    @torch.no_grad()
    def observe(self, real_logits: Heads, images: int) -> None:
        """Count a discriminator step; p changes every `interval` steps, without waiting for the device."""
        signs = torch.cat([logits.detach().float().sign().flatten() for logits in real_logits])
        self.signs += mean_over_ranks(signs.mean())  # in each step, so that all ranks have the same state
        self.steps, self.images = self.steps + 1, self.images + images
        if self.steps < self.interval:
            return
        self.p += torch.sign(self.signs / self.steps - self.target) * (self.images / self.ramp_images)
        self.p.clamp_(0, self.most)
        self.signs.zero_()
        self.steps, self.images = 0, 0

    def get_extra_state(self) -> dict[str, Any]:
        """The counts since the last change of p, for the state_dict."""
        return {"steps": self.steps, "images": self.images}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """Restore the counts."""
        self.steps, self.images = state["steps"], state["images"]
