"""Light turned dark and dark light, which an adversarial loss alone does not mind."""

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity

from stylegan_pl.diagnosis.luminance import LEVEL, luminance_structure
from stylegan_pl.diagnosis.symptom import PictureDetector, Symptom

_SIDE = 16  # cells: coarse enough that strokes average out
_FLAT = 2 * LEVEL  # standard deviation of the cells below which there is no light and dark to turn round


def luminance_correlation(content: Tensor, stylised: Tensor) -> Tensor:
    """Pearson's correlation of each picture's luminance with its photograph's, (N,); nan where one of them is flat."""
    a, b = (luminance_structure(images, _SIDE) for images in (content, stylised))
    flat = torch.minimum(a.std(dim=1, correction=0), b.std(dim=1, correction=0)) < _FLAT
    return cosine_similarity(a, b).masked_fill(flat, torch.nan)


class ColourInversion(PictureDetector):
    """The median correlation is clearly negative.

    A style may be dark, monochrome or of any palette: as long as it leaves light lighter than dark, this is positive.

    Args:
        correlation: below which it is told; unrelated pictures are near 0.
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
