"""DiffAugment's policies: differentiable random changes (Zhao et al., 2020)."""

from abc import abstractmethod

import torch
from torch import Tensor, nn

from stylegan_pl.nn.augment.diff_augment import DiffAugment
from stylegan_pl.nn.layers.discriminator import Heads


class Policies(DiffAugment):
    """Applies several policies, one after another.

    Args:
        policies: name -> policy, in order; None: left out.
    """

    def __init__(self, *, policies: dict[str, DiffAugment | None]) -> None:
        super().__init__()
        self.policies = nn.ModuleDict({name: policy for name, policy in policies.items() if policy is not None})

    def forward(self, images: Tensor) -> Tensor:
        """See `DiffAugment`."""
        for policy in self.policies.values():
            images = policy(images)
        return images

    def observe(self, real_logits: Heads, images: int) -> None:
        """Call `observe` of every policy."""
        for policy in self.policies.values():
            assert isinstance(policy, DiffAugment)
            policy.observe(real_logits, images)


class Colour(DiffAugment):
    """Brightness x + U(−b, b), saturation m_c + (x − m_c) · U(1 − s, 1 + s), contrast m + (x − m) · U(1 − c, 1 + c).

    m_c is the mean over the three colours of a pixel, m that of a whole picture. As published, nothing is clipped.
    It leaks: if the style is a palette, the generator learns the changed palettes.

    Args:
        brightness: b, for images in [-1, 1].
        saturation: s.
        contrast: c.
    """

    def __init__(self, *, brightness: float = 0.5, saturation: float = 1.0, contrast: float = 0.5) -> None:
        super().__init__()
        self.brightness, self.saturation, self.contrast = brightness, saturation, contrast

    def forward(self, images: Tensor) -> Tensor:
        """See `DiffAugment`."""
        x = images.unflatten(1, (-1, 3))  # (N, k, 3, H, W)
        x = x + self.brightness * _symmetric(x)
        grey = x.mean(dim=2, keepdim=True)
        x = grey + (x - grey) * (1 + self.saturation * _symmetric(x))
        level = x.mean(dim=(2, 3, 4), keepdim=True)
        x = level + (x - level) * (1 + self.contrast * _symmetric(x))
        return x.flatten(1, 2)


class _Spatial(DiffAugment):
    """Base class of policies whose size is a fraction of the picture's sides.

    Raises:
        ValueError: `ratio` is outside [0, 1].
    """

    def __init__(self, *, ratio: float) -> None:
        super().__init__()
        if not 0 <= ratio <= 1:
            raise ValueError(f"ratio must be a share of the picture's side between 0 and 1, got {ratio}")
        self.ratio = ratio

    def _pixels(self, side: int) -> int:
        return int(side * self.ratio + 0.5)

    @abstractmethod
    def forward(self, images: Tensor) -> Tensor:
        """See `DiffAugment`."""


class Translation(_Spatial):
    """Shift the picture by whole pixels, at most `ratio` of its sides; new pixels are 0, grey.

    Args:
        ratio: of each side.
    """

    def __init__(self, *, ratio: float = 0.125) -> None:
        super().__init__(ratio=ratio)

    def forward(self, images: Tensor) -> Tensor:
        """See `DiffAugment`."""
        return self._moved(self._moved(images, 2), 3)

    def _moved(self, images: Tensor, dim: int) -> Tensor:
        side, most = images.shape[dim], self._pixels(images.shape[dim])
        offsets = torch.randint(-most, most + 1, (len(images), 1), device=images.device)
        sources = torch.arange(side, device=images.device) - offsets  # (N, side)
        sources = sources[:, None, :, None] if dim == 2 else sources[:, None, None, :]
        inside = (sources >= 0) & (sources < side)
        # gather, not grid_sample, which has no second derivative
        return images.gather(dim, sources.clamp(0, side - 1).expand_as(images)) * inside


class Cutout(_Spatial):
    """A rectangle of `ratio` of each side becomes 0, grey; it may reach over the border.

    Args:
        ratio: of each side.
    """

    def __init__(self, *, ratio: float = 0.5) -> None:
        super().__init__(ratio=ratio)

    def forward(self, images: Tensor) -> Tensor:
        """See `DiffAugment`."""
        rows, columns = self._cut(images, 2), self._cut(images, 3)
        return images * ~(rows[:, None, :, None] & columns[:, None, None, :])

    def _cut(self, images: Tensor, dim: int) -> Tensor:
        """(N, side) of bool: True inside the rectangle, along one dimension of the picture."""
        side, cut = images.shape[dim], self._pixels(images.shape[dim])
        middles = torch.randint(0, side + 1 - cut % 2, (len(images), 1), device=images.device)
        positions = torch.arange(side, device=images.device)
        first = middles - cut // 2
        return (positions >= first) & (positions < first + cut)


def _symmetric(x: Tensor) -> Tensor:
    """One number from U(−1, 1) for each sample, (N, 1, 1, 1, 1): its k pictures are changed in the same way."""
    return (torch.rand(len(x), 1, 1, 1, 1, device=x.device) * 2 - 1).to(x.dtype)
