"""Postprocessing of a painted picture, per pixel: colours, strength, mask."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from stylegan_pl.errors import ConfigError, UserError
from stylegan_pl.inference.colour import KeepColour, Recolouring, coral, keep_chroma, recolour

_TYPE_INSTEAD = "type precision=fp32, and if that changes nothing, give an earlier checkpoint"


def check_is_finite(painted: Tensor, *, instead: str = _TYPE_INSTEAD) -> None:
    """Check what a generator painted before it is rounded to 8 bits: nan would become black.

    Weights can be finite and so large that their products are not.

    Args:
        instead: what to type, for the message.

    Raises:
        UserError: it painted nan or infinite numbers.
    """
    # one sum takes no memory, unlike isfinite of each; in half precision the sum itself would overflow
    if not math.isfinite(float(painted.sum(dtype=torch.float32))):
        raise UserError(f"the generator paints nan or infinite numbers; {instead}")


@dataclass(frozen=True)
class Finish:
    """x + m · s · (k(G(x)) − x): keep colours, then blend with the photograph, then mask.

    Args:
        strength: s in [0, 1]; 0 is the photograph, 1 the painting.
        keep_colour: how to keep the photograph's colours; None: use the painting's.

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
        """Whether tiles need the colours of the whole picture, see `palette`."""
        return self.keep_colour is KeepColour.coral

    def palette(self, content: Tensor, painted: Tensor) -> Recolouring | None:
        """The colour map for tiles, from whole pictures or thumbnails of them; None if not needed."""
        return coral(content, painted) if self.needs_palette else None

    def __call__(
        self, content: Tensor, painted: Tensor, mask: Tensor | None = None, palette: Recolouring | None = None
    ) -> Tensor:
        """Finish painted pictures: (N, 3, H, W) in [-1, 1].

        Args:
            mask: (N, 1, H, W) in [0, 1], 1 is painted.
            palette: the whole picture's colour map, if these are tiles; None: these are whole pictures.

        Raises:
            UserError: the generator painted nan or infinite numbers, which would become black.
        """
        check_is_finite(painted)
        if self.keep_colour is KeepColour.luma:
            painted = keep_chroma(content, painted)
        elif self.needs_palette:
            painted = recolour(painted, palette if palette is not None else coral(content, painted))
        if self.strength < 1:
            painted = torch.lerp(content, painted, self.strength)
        return painted if mask is None else torch.lerp(content, painted, mask.to(painted.dtype))
