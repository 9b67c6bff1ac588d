"""Inverted luminance (light becomes dark), which an adversarial loss alone does not prevent."""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from stylegan_pl.diagnosis.luminance import LEVEL, luminance_structure
from stylegan_pl.diagnosis.symptom import PictureDetector, Symptom

_SIDE = 16  # cells per side: coarse enough that strokes are averaged out
_FLAT = 2 * LEVEL  # standard deviation of the cells below which a picture has no light and dark parts


def luminance_correlation(content: Tensor, stylised: Tensor) -> Tensor:
    """Pearson's correlation of each picture's luminance with its photograph's, (N,); nan if one of them is flat."""
    a, b = (luminance_structure(images, _SIDE) for images in (content, stylised))
    flat = torch.minimum(a.std(dim=1, correction=0), b.std(dim=1, correction=0)) < _FLAT
    return cosine_similarity(a, b).masked_fill(flat, torch.nan)


class ColourInversion(PictureDetector):
    """Reported if the median correlation is clearly negative.

    The correlation is positive for dark, monochrome and coloured styles, as long as light stays lighter than dark.

    Args:
        correlation: reported below this value; unrelated pictures are near 0.
    """

    name = "colour inversion"
    advice = (
        "ask that paintings come back unchanged: add identity to the image losses, as in "
        "image_loss=[style,content,identity], or colour; cyclegan: model.identity_weight=1"
    )

    def __init__(self, *, correlation: float = -0.3, after_images: int = 2000) -> None:
        super().__init__(after_images=after_images)
        self.correlation = correlation

    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        """See `PictureDetector`."""
        each = luminance_correlation(content, stylised)
        median = each.nanmedian().item()
        if not median < self.correlation:
            return None
        count = int((~each.isnan()).sum())
        evidence = f"luminance against the photographs' correlates by {median:.2f} (median of {count})"
        return Symptom(self.name, evidence, self.advice)
