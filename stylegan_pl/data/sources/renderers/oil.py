"""Oil paintings in the photograph's own colours: broad strokes, then finer ones where detail is missing.

`brushstrokes.paint` (Hertzmann, 1998) without a palette, after colours are made more saturated.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from stylegan_pl.data.sources.brushstrokes import StrokeStyle, paint
from stylegan_pl.data.sources.palette import Bytes, to_lab, to_rgb
from stylegan_pl.data.sources.renderers.renderer import check_photo


@dataclass(frozen=True)
class OilPainting:
    """A photograph as an oil painting.

    Args:
        brush_radii: pixels, coarse to fine.
        saturation: factor of chroma.
        strokes: length, curvature and bristles of the strokes.
    """

    brush_radii: tuple[int, ...] = (6, 3)
    saturation: float = 1.2
    strokes: StrokeStyle = field(default_factory=lambda: StrokeStyle(threshold=40.0, bristle_contrast=0.2))

    def __call__(self, photo: Bytes, *, seed: int) -> Bytes:
        """See `Renderer`."""
        check_photo(photo)
        lab = to_lab(photo)
        lab[..., 1:] *= self.saturation
        deep = to_rgb(lab).round().astype(np.uint8)
        return paint(deep, palette=None, brush_radii=self.brush_radii, style=self.strokes, seed=seed)
