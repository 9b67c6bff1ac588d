"""What is done to a painted picture pixel by pixel: its colours, its strength, where it shows."""

from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan_pl.errors import ConfigError
from stylegan_pl.inference.colour import KeepColour, Recolouring, coral, keep_chroma, recolour


@dataclass(frozen=True)
class Finish:
    """x + m · s · (k(G(x)) − x): colours kept, then blended with the photograph, then masked.

    Args:
        strength: s in [0, 1]; 0 is the photograph, and the distance to it grows in proportion.
        keep_colour: how the photograph's colours are kept; None: the painting's.

    Raises:
        ConfigError: the strength is out of range.
    """

    strength: float = 1.0
    keep_colour: KeepColour | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.strength <= 1:
            raise ConfigError(f"strength={self.strength} must be between 0 (the photograph) and 1 (full style)")

    @property
    def needs_palette(self) -> bool:
        """Whether a part of a picture cannot be finished without knowing the colours of the whole."""
        return self.keep_colour is KeepColour.coral

    def palette(self, content: Tensor, painted: Tensor) -> Recolouring | None:
        """From whole pictures (or thumbnails of them), what their parts are finished with."""
        return coral(content, painted) if self.needs_palette else None

    def __call__(
        self, content: Tensor, painted: Tensor, mask: Tensor | None = None, palette: Recolouring | None = None
    ) -> Tensor:
        """(N, 3, H, W) in [-1, 1].

        Args:
            mask: (N, 1, H, W) in [0, 1], 1 is painted.
            palette: of the whole, where these are parts; None: these are whole.
        """
        if self.keep_colour is KeepColour.luma:
            painted = keep_chroma(content, painted)
        elif self.needs_palette:
            painted = recolour(painted, palette if palette is not None else coral(content, painted))
        if self.strength < 1:
            painted = torch.lerp(content, painted, self.strength)
        return painted if mask is None else torch.lerp(content, painted, mask.to(painted.dtype))
