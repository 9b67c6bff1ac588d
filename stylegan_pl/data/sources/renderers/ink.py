"""Ink lines: the extended difference of Gaussians.

Winnemöller, Kyprianidis and Olsen, "XDoG: an eXtended difference-of-Gaussians compendium" (2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stylegan_pl.data.sources.palette import Floats


@dataclass(frozen=True)
class Ink:
    """Lines along edges, and ink on everything darker than `black`; the paper's symbols are in parentheses.

    D = (1 + p) G_σ ∗ L − p G_kσ ∗ L;   T = 1 where D ≥ ε, else 1 + tanh(φ (D − ε)).   L, D, ε in 0 to 1.

    Args:
        width: (σ) standard deviation of the inner Gaussian, pixels; a line is about two or three times as wide.
        ratio: (k) of the outer Gaussian's width to the inner one's; at 1.6 their difference is close to the Laplacian.
        sharpness: (p) weight of edges relative to the tone.
        black: (ε) tone below which the paper is inked.
        hardness: (φ) slope from paper to ink.
    """

    width: float = 1.2
    ratio: float = 1.6
    sharpness: float = 40.0
    black: float = 0.2
    hardness: float = 6.0

    def __call__(self, lightness: Floats) -> Floats:
        """Lightness (H, W) in 0 to 1 -> (H, W): 1 is paper, 0 is ink."""
        from scipy.ndimage import gaussian_filter

        inner, outer = (
            gaussian_filter(lightness, sigma, mode="nearest") for sigma in (self.width, self.width * self.ratio)
        )
        response = inner + self.sharpness * (inner - outer)
        paper = np.where(response >= self.black, 1.0, 1.0 + np.tanh(self.hardness * (response - self.black)))
        return paper.astype(np.float32)
