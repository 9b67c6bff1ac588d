"""The generator returns its photographs almost unchanged."""

from torch import Tensor

from stylegan_pl.diagnosis.luminance import LEVEL
from stylegan_pl.diagnosis.symptom import PictureDetector, Symptom


def relative_change(content: Tensor, stylised: Tensor) -> Tensor:
    """mean |G(x) − x| / mean |x − x̄| of each picture, (N,); x̄ is the mean colour. inf or nan for a flat photograph."""
    contrast = (content - content.mean(dim=(2, 3), keepdim=True)).abs().mean(dim=(1, 2, 3))
    return (stylised - content).abs().mean(dim=(1, 2, 3)) / contrast


class IdentityMap(PictureDetector):
    """Reported if the median picture changes by less than a share of its photograph's contrast.

    The change is relative to the contrast, because strokes change a pale photograph by few levels only.

    Args:
        share: of the contrast; JPEG at quality 75 gives 0.1, a blur of 8 pixels 0.3, strokes 0.6.
    """

    name = "identity map"
    advice = (
        "ask for less of the photograph and more of the style: image_loss.content.weight=0.1 (where it is among the "
        "image losses), model.adversarial_weight=5; cyclegan: model.identity_weight=0 model.cycle_weight=5"
    )

    def __init__(self, *, share: float = 0.15, after_images: int = 3000) -> None:
        super().__init__(after_images=after_images)
        self.share = share

    def look(self, content: Tensor, stylised: Tensor) -> Symptom | None:
        """See `PictureDetector`."""
        change = relative_change(content, stylised).nanmedian().item()
        if not change < self.share:
            return None
        levels = (stylised - content).abs().mean().item() / LEVEL
        evidence = (
            f"pictures differ from their photographs by {levels:.1f} of 255 levels, {change:.0%} of these' contrast "
            f"(median of {len(content)})"
        )
        return Symptom(self.name, evidence, self.advice)
