"""The exponential moving average of the generator, used for samples, metrics and users."""

import copy

import torch
from torch import Tensor, nn


class ExponentialMovingAverage(nn.Module):
    """θ̄ ← β θ̄ + (1 − β) θ with β = 0.5^(images / half_life), so it does not depend on the batch size.

    Buffers are copied, not averaged, because they are constants. At the start, the half-life is limited to a fraction
    of the images seen (like StyleGAN2's `ema_rampup`), so that the initialisation does not dominate early samples.

    >>> import torch
    >>> from stylegan_pl.nn.training.ema import ExponentialMovingAverage
    >>> generator = torch.nn.Linear(1, 1, bias=False)
    >>> _ = generator.weight.data.fill_(0.0)
    >>> average = ExponentialMovingAverage(generator, half_life_images=100)
    >>> _ = generator.weight.data.fill_(1.0)
    >>> average.update(generator, batch_images=100, images_seen=10_000)  # one half-life: half of the way
    >>> average.averaged.weight.item()
    0.5

    Args:
        module: the network to average; it is copied.
        half_life_images: number of images after which a weight's share in the average is half.
        ramp_up: largest half-life as a fraction of the images seen.

    Raises:
        ValueError: `half_life_images` is not above 0.
    """

    def __init__(self, module: nn.Module, half_life_images: float, *, ramp_up: float = 0.05) -> None:
        super().__init__()
        if half_life_images <= 0:
            raise ValueError(
                f"half_life_images must be positive, got {half_life_images}; to switch the average off use null"
            )
        self.half_life_images = half_life_images
        self.ramp_up = ramp_up
        self.averaged = copy.deepcopy(module).eval().requires_grad_(False)

    def decay(self, batch_images: int, images_seen: int) -> float:
        """β for a step of `batch_images` after `images_seen` images in all."""
        half_life = min(self.half_life_images, max(self.ramp_up * images_seen, 1e-8))
        return 0.5 ** (batch_images / half_life)

    @torch.no_grad()
    def update(self, module: nn.Module, *, batch_images: int, images_seen: int) -> None:
        """Update the average by one step."""
        beta = self.decay(batch_images, images_seen)
        average = [p.detach() for p in self.averaged.parameters()]
        current = [p.detach() for p in module.parameters()]
        torch._foreach_lerp_(average, current, 1.0 - beta)
        for kept, buffer in zip(self.averaged.buffers(), module.buffers(), strict=True):
            kept.copy_(buffer)

    def train(self, mode: bool = True) -> "ExponentialMovingAverage":
        """Stays in eval mode when its parent trains."""
        super().train(mode)
        self.averaged.eval()
        return self

    def forward(self, *args: Tensor) -> Tensor:
        """The averaged network's output."""
        return self.averaged(*args)
