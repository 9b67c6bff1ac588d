"""Mode collapse: the generator paints the same picture for every photograph."""

import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d

from stylegan_pl.diagnosis.luminance import LEVEL
from stylegan_pl.diagnosis.symptom import PictureDetector, Symptom

_SIDE = 16  # cells per side: strokes are averaged out, so that random texture does not count as variety
_SAME = 0.05  # below this, the photographs themselves are all the same


def mean_unlikeness(images: Tensor, *, flat: float) -> Tensor:
    """½ mean (sᵢ − sⱼ)² over pairs of pictures: (N, 3, H, W) -> scalar, about 0 (alike) to 1 (unrelated).

    s is a 16 × 16 thumbnail around its mean colour, over its standard deviation, or over `flat` if that is larger: so
    contrast, brightness and tint have no effect, and flat pictures are alike.
    """
    cells = adaptive_avg_pool2d(images, _SIDE).flatten(2)
    cells = (cells - cells.mean(dim=2, keepdim=True)).flatten(1)
    cells = cells / cells.std(dim=1, correction=0, keepdim=True).clamp(min=flat)
    gaps = torch.pdist(cells).square() / cells.shape[1]
    return 0.5 * gaps.mean()


class Collapse(PictureDetector):
    """Reported if stylised pictures differ from each other much less than their photographs do.

    Args:
        share: reported below this ratio of differences; a style gives about 1, and a frame around each picture ½.
        flat_levels: standard deviation of a thumbnail, in levels of 255, below which a picture counts as empty.
        least_pictures: with fewer pictures nothing is reported.
    """

    name = "collapsed generator"
    advice = (
        "give the discriminator less to know by heart and the generator a tie to its photograph: diff_augment=style, "
        "penalty=r1, image_loss=[style,content], model.generator_optimizer.lr=1e-4"
    )

    def __init__(
        self, *, share: float = 0.2, flat_levels: float = 2.0, least_pictures: int = 4, after_images: int = 2000
    ) -> None:
        super().__init__(after_images=after_images)
        self.share, self.flat_levels, self.least_pictures = share, flat_levels, least_pictures

    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        """See `PictureDetector`."""
        if len(content) < self.least_pictures:
            return None
        flat = self.flat_levels * LEVEL
        made, given = (mean_unlikeness(images, flat=flat).item() for images in (stylised, content))
        if given < _SAME or not made < self.share * given:
            return None
        evidence = f"{len(content)} pictures differ from one another by {made / given:.1%} of what their photographs do"
        return Symptom(self.name, evidence, self.advice)
