"""A feature network that needs no weights: random filters at several scales."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, conv2d, pad, relu

from stylegan_pl.nn.layers.features import FeatureNetwork, Features

_FINE = 3  # pixels, side of a filter of the layer `fine`
_GAIN = 6.0  # norm of a filter: features of images in [-1, 1] then have a mean square near 1


class RandomFilters(FeatureNetwork):
    """One layer of random filters and ReLU, applied to the image and to smaller copies of it.

    Gram matrices of such features describe textures about as well as VGG's (Ustyuzhaninov et al., "What does it take to
    generate natural textures?", ICLR 2017). The layers:

    - `scale1`, `scale2`, `scale4`, …, by how much smaller the copy is: filters of mean 0, which respond to strokes.
    - `colour`, on the smallest copy: filters whose mean is not 0, which respond to the palette.
    - `fine`, on the image itself: 3 × 3 filters of mean 0. Images contain much more energy at low frequencies than at
      high ones, so larger filters hardly respond to the sharp edges of strokes.

    Departure: the paper's scales are kernel sizes from 3 to 55; here one kernel size is used on a pyramid, at a small
    part of the cost.

    The filters are a function of `seed`. At the smallest scale, images need sides of at least half a filter.

    Args:
        scales: divisors of the image's size.
        size: kernel size in pixels, odd.
        filters: number of random filters.
        seed: seed of the filters.
        chroma: how much more strongly filters respond to a difference of colour than to the same difference of light.
            Pictures vary three to four times as much in light as in colour. With 1 the losses hardly see colours, and
            a generator that was trained with them drew rainbow-coloured fringes beside contours.

    Raises:
        ValueError: `size` is even or below 3, `chroma` is not above 0, or a loss uses a layer that does not exist.
    """

    def __init__(
        self,
        *,
        style_layers: Mapping[str, float],
        content_layers: Mapping[str, float],
        scales: Sequence[int] = (1, 2, 4),
        size: int = 7,
        filters: int = 64,
        seed: int = 0,
        chroma: float = 1.0,
    ) -> None:
        super().__init__(style_layers=style_layers, content_layers=content_layers)
        if size % 2 == 0 or size < 3:
            raise ValueError(f"size must be odd and at least 3, got {size}; try {max(3, size + 1)}")
        if chroma <= 0:
            raise ValueError(f"chroma must be greater than 0, got {chroma}; try 2.0")
        self._check_taps(["colour", "fine", *(f"scale{scale}" for scale in scales)])
        self.scales = list(scales)
        bank = random_bank(filters, size, seed, chroma)
        self.register_buffer("colour_bank", bank, persistent=False)
        self.register_buffer("stroke_bank", _centred(bank), persistent=False)
        self.register_buffer("fine_bank", _centred(random_bank(filters, _FINE, seed, chroma)), persistent=False)

    def extra_repr(self) -> str:
        """What its weights do not tell."""
        return f"scales={self.scales}"

    @property
    def widths(self) -> dict[str, int]:
        """Layer -> channels, which is the number of filters."""
        return dict.fromkeys(self.taps, len(self.get_buffer("stroke_bank")))

    def forward(self, image: Tensor) -> Features:
        """(N, 3, H, W) in [-1, 1] -> `scale{s}`: (N, filters, H / s, W / s), reflection-padded; `fine`, `colour`."""
        features: Features = {}
        for scale in self.scales:
            if f"scale{scale}" in self.taps:
                features[f"scale{scale}"] = _respond(avg_pool2d(image, scale), self.get_buffer("stroke_bank"))
        if "fine" in self.taps:
            features["fine"] = _respond(image, self.get_buffer("fine_bank"))
        if "colour" in self.taps:
            features["colour"] = _respond(avg_pool2d(image, max(self.scales)), self.get_buffer("colour_bank"))
        return features


def _respond(image: Tensor, bank: Tensor) -> Tensor:
    """ReLU of the filters' responses: (N, 3, H, W), (F, 3, k, k) -> (N, F, H, W)."""
    margin = min(bank.shape[-1] // 2, min(image.shape[-2:]) - 1)  # reflection padding must be smaller than the picture
    return relu(conv2d(pad(image, [margin] * 4, mode="reflect"), bank))


def random_bank(filters: int, size: int, seed: int, chroma: float = 1.0) -> Tensor:
    """Random filters (filters, 3, size, size), each of norm `_GAIN`.

    Values are uniform. Differences among the three colours are then multiplied by `chroma`.
    """
    generator = torch.Generator().manual_seed(seed)
    bank = torch.rand(filters, 3, size, size, generator=generator) * 2 - 1
    return _normed(chroma * bank + (1 - chroma) * bank.mean(dim=1, keepdim=True))


def _centred(bank: Tensor) -> Tensor:
    return _normed(bank - bank.mean(dim=(2, 3), keepdim=True))


def _normed(bank: Tensor) -> Tensor:
    return _GAIN * bank / bank.flatten(1).norm(dim=1).view(-1, 1, 1, 1)
