"""Gives a style-conditioned generator its style: one painting, or a weighted mix of several."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from stylegan_pl.errors import ConfigError
from stylegan_pl.generators.adain import AdaINGenerator
from stylegan_pl.nn.layers.adain import Statistics, restyle
from stylegan_pl.pictures.read import read_image
from stylegan_pl.pictures.tensors import image_to_tensor, to_float


class AdaIN(nn.Module):
    """`nn.layers.adain.restyle` as a `PictureNorm`, so that tiles can share a picture's statistics."""

    def __init__(self, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps

    def forward(self, content_features: Tensor, style: Statistics) -> Tensor:
        """(N, C, H, W) -> the same shape, with the style's mean and standard deviation per channel."""
        return restyle(content_features, style, self.eps)

    def normalise_with(self, content_features: Tensor, mean: Tensor, variance: Tensor, *conditions: Any) -> Tensor:
        """Like `forward`, with given content statistics of a whole picture."""
        (style,) = conditions
        centred = content_features - mean.view(-1, 1, 1)
        std = (variance.view(-1, 1, 1) + self.eps).sqrt()
        return (style.std * centred / std + style.mean).to(content_features.dtype)


class InStyle(nn.Module):
    """A style-conditioned generator with a fixed style: has the interface of a generator without style.

    Args:
        statistics: of one painting, or the weighted mean of several.
        strength: α in [0, 1]; 0 reconstructs the content, 1 is full style.
    """

    def __init__(self, generator: AdaINGenerator, statistics: Statistics, strength: float) -> None:
        super().__init__()
        self.generator, self.statistics, self.strength = generator, statistics, strength
        self.stride = generator.stride
        self.restyle = AdaIN()

    def forward(self, content: Tensor) -> Tensor:
        """(N, 3, H, W) in [-1, 1], sides multiples of `stride` -> the same shape and range.

        Computes the same as the generator's `decode_with`, but AdaIN is a module, as tiling needs.
        """
        statistics = Statistics(*(part.to(content.device) for part in self.statistics))
        bottleneck = self.generator.encoder.bottleneck
        features = self.generator.encode(content, [bottleneck])[bottleneck]
        target = self.strength * self.restyle(features, statistics) + (1 - self.strength) * features
        return self.generator.decoder(target)


def in_style(
    generator: nn.Module,
    paintings: Sequence[str],
    *,
    weights: Sequence[float] | None,
    strength: float | None,
    size: int,
) -> nn.Module:
    """The generator with the user's paintings as style; a generator without style input is returned unchanged.

    Args:
        paintings: image files.
        weights: weight of each painting, at least 0; None: equal weights.
        strength: α in [0, 1], blends features; None: 1. Not used for a generator without style input, whose pictures
            are blended by `finish.Finish`.
        size: pixels to which each painting's shorter side is shrunk; it sets the size of strokes.

    Raises:
        ConfigError: a painting is missing, or given to a generator without style input; or a number is out of range.
    """
    takes_style = isinstance(generator, AdaINGenerator)
    if not takes_style and (paintings or weights is not None):
        raise ConfigError(
            "style= and style_weights= are for generators that take any painting (model=adain); this one has learned "
            "its style: type the command without them"
        )
    if not isinstance(generator, AdaINGenerator):
        return generator
    if not paintings:
        raise ConfigError("this generator paints after any painting, and none was given; type style=painting.jpg")
    if size < 1:
        raise ConfigError(f"style_size={size} must be at least 1 pixel; 512 unless given")
    strength = 1.0 if strength is None else strength
    if not 0 <= strength <= 1:
        raise ConfigError(f"strength={strength} must be between 0 (the photograph) and 1 (full style)")
    shares = _shares(weights, len(paintings))
    device = next(generator.parameters()).device  # a GPU, if it has painted there before
    with torch.no_grad():
        read = [_read(Path(path), size, generator.stride).to(device) for path in paintings]
        statistics = [generator.statistics(painting) for painting in read]
    means, stds = zip(*statistics, strict=True)
    return InStyle(generator, Statistics(_mix(means, shares), _mix(stds, shares)), strength)


def _mix(parts: Sequence[Tensor], shares: Sequence[float]) -> Tensor:
    return torch.stack([share * part for part, share in zip(parts, shares, strict=True)]).sum(dim=0)


def _shares(weights: Sequence[float] | None, count: int) -> list[float]:
    given = [1.0] * count if weights is None else list(weights)
    if len(given) != count:
        raise ConfigError(f"style_weights={given}: {len(given)} weights for {count} paintings; give one for each style")
    if not (min(given) >= 0 and 0 < sum(given) < math.inf):  # also catches nan
        raise ConfigError(f"style_weights={given}: weights must be at least 0, and one of them above it")
    return [weight / sum(given) for weight in given]


def _read(path: Path, size: int, stride: int) -> Tensor:
    """A painting -> (1, 3, H, W) in [-1, 1], resized so that sides are multiples of the stride."""
    if not path.is_file():
        raise ConfigError(f"style={path}: no such file; type style=painting.jpg, or style=[a.jpg,b.jpg] for several")
    image = read_image(path, at_least=size)
    scale = min(1.0, size / min(image.size))
    width, height = (max(2 * stride, round(side * scale) // stride * stride) for side in image.size)
    return to_float(image_to_tensor(image.resize((width, height), Image.Resampling.LANCZOS)))[None]
