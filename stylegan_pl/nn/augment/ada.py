"""ADA: as much augmentation as the discriminator's overfitting calls for (Karras et al., 2020)."""

from typing import Any

import torch
from torch import Tensor

from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.layers.discriminator import Heads


class AdaptiveAugment(DiffAugment):
    """Applies a policy to each sample with a probability p that follows r_t = E[sign D(y)].

        p <- clamp(p + sign(r_t − target) · images / ramp, 0, most)      every `interval` steps of the discriminator

    r_t is near 0 while reals and fakes look alike and 1 when every real is known by heart; images are those of the
    interval. p and the running mean are part of the state, so a resumed run goes on exactly.

    Logits are counted from where the adversarial loss cannot decide (½ of least squares); Wasserstein and relativistic
    losses have no such place, and half way between the means of reals and fakes serves.

    Departures: the paper draws for each of 18 transforms on its own, here the policy is one; r_t is a mean over all
    logits, patches and heads.

    Args:
        policy: what is applied.
        target: r_t that is aimed at.
        interval: discriminator steps between adjustments.
        ramp_images: images that take p from 0 to 1.
        most: largest p; below 1, some pictures are always seen as they are, and the changes cannot leak.
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
        self.register_buffer("signs", torch.zeros(()))  # sum of each step's mean sign since the last adjustment
        self.steps, self.images = 0, 0  # since the last adjustment

    def forward(self, images: Tensor) -> Tensor:
        """See `DiffAugment`."""
        changed = torch.rand(len(images), 1, 1, 1, device=images.device) < self.p
        return torch.where(changed, self.policy(images), images)

    @torch.no_grad()
    def observe(self, real_logits: Heads, images: int) -> None:
        """One discriminator step; p moves every `interval` of them, without waiting for the device."""
        signs = torch.cat([logits.detach().float().sign().flatten() for logits in real_logits])
        self.signs += _mean_over_devices(signs.mean())  # each step, so that every device's state is the checkpoint's
        self.steps, self.images = self.steps + 1, self.images + images
        if self.steps < self.interval:
            return
        self.p += torch.sign(self.signs / self.steps - self.target) * (self.images / self.ramp_images)
        self.p.clamp_(0, self.most)
        self.signs.zero_()
        self.steps, self.images = 0, 0

    def get_extra_state(self) -> dict[str, Any]:
        """For the state_dict, beside p and the signs: what was counted since the last adjustment."""
        return {"steps": self.steps, "images": self.images}

    def set_extra_state(self, state: dict[str, Any]) -> None:
        """See `get_extra_state`."""
        self.steps, self.images = state["steps"], state["images"]


def _mean_over_devices(value: Tensor) -> Tensor:
    if not (torch.distributed.is_available() and torch.distributed.is_initialized()):
        return value
    torch.distributed.all_reduce(value)
    return value / torch.distributed.get_world_size()
