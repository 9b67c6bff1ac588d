"""The same as `inference.finish`, for numpy arrays, because onnxruntime needs no torch."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stylegan_pl.errors import ConfigError

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # as in `nn.layers.luma`
_EPS = 1e-5  # added to variances of colours in [-1, 1]
COLOURS = ("luma", "coral")

Array = NDArray[Any]


def colours_named(choice: bool | str | None) -> str | None:
    """A typed value of keep_colour -> the name for `ArrayFinish`, which refuses unknown names."""
    if isinstance(choice, str):
        return choice
    return "luma" if choice else None


@dataclass(frozen=True)
class ArrayFinish:
    """x + s · (k(G(x)) − x), (N, H, W, 3) uint8: keep colours, then blend with the photograph.

    Args:
        strength: s in [0, 1]; 0 is the photograph.
        keep_colour: `luma`: each pixel's chroma; `coral`: mean and covariance of all colours; None: keep nothing.

    Raises:
        ConfigError: an option is out of range.
    """

    strength: float = 1.0
    keep_colour: str | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ConfigError(f"strength={self.strength} must be between 0 (the photograph) and 1 (full style)")
        if self.keep_colour not in (None, *COLOURS):
            raise ConfigError(f"keep_colour={self.keep_colour}: type true or luma, coral, or false")

    def __call__(self, content: NDArray[np.uint8], painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Finish painted pictures: (N, H, W, 3) uint8 both -> the same."""
        if self.strength == 1 and self.keep_colour is None:
            return painted
        pairs = zip(content, painted, strict=True)
        return np.stack([self._one(photograph, painting) for photograph, painting in pairs])

    def _one(self, content: NDArray[np.uint8], painted: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """One picture, (H, W, 3) uint8 both -> the same."""
        photograph: Array = content.astype(np.float32)
        painting: Array = painted.astype(np.float32)
        if self.keep_colour == "luma":
            lighter = ((painting - photograph) @ _LUMA)[..., None]
            painting = (photograph + lighter).clip(0, 255)
        elif self.keep_colour == "coral":
            painting = coral(photograph / 127.5 - 1, painting / 127.5 - 1).clip(-1, 1) * 127.5 + 127.5
        painting = photograph + self.strength * (painting - photograph)
        return painting.round().clip(0, 255).astype(np.uint8)


def coral(content: Array, painted: Array) -> Array:
    """Give the painting's colours the content's mean and covariance: Σ_c^½ Σ_p^−½ (c − μ_p) + μ_c."""
    (content_mean, content_spread), (painted_mean, painted_spread) = _colours(content), _colours(painted)
    matrix = _power(content_spread, 0.5) @ _power(painted_spread, -0.5)
    return ((painted - painted_mean) @ matrix.T + content_mean).astype(np.float32)


def _colours(image: Array) -> tuple[Array, Array]:
    pixels = image.reshape(-1, 3).astype(np.float64)
    mean = pixels.mean(axis=0)
    centred = pixels - mean
    return mean, centred.T @ centred / len(pixels) + _EPS * np.eye(3)


def _power(spread: Array, exponent: float) -> Array:
    values, vectors = np.linalg.eigh(spread)
    return vectors @ np.diag(values.clip(min=_EPS) ** exponent) @ vectors.T
