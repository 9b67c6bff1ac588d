"""A saturated discriminator: it separates reals and fakes so well that the generator's gradient vanishes."""

from collections.abc import Sequence
from statistics import fmean, median

from stylegan_pl.diagnosis.symptom import Reading, Symptom, TermDetector

_TERM = "train/discriminator/adversarial"  # CycleGAN has two: _style and _content


class SaturatedDiscriminator(TermDetector):
    """Reported if D's adversarial term stays near its floor during a window, and G's does not fall.

    "Near" is a share of the term of a D that cannot tell reals from fakes: ½ for least squares, 2 ln 2 for
    cross-entropy, 2 for hinge, ln 2 for relativistic pairing. At a share of 0.05, a cross-entropy D is 97 % sure of
    each real and each fake. Wasserstein's term has no floor, so it is never reported.

    Args:
        share: of the undecided D's term; compared with the window's median.
        fall: relative fall of G's term from the window's first half to its second; if it falls as much, G is learning.
        window_images, least_readings: length of the window; see `TermDetector`.
    """

    name = "saturated discriminator"
    advice = (
        "hold it back: penalty=r1, diff_augment=style (few paintings), model.discriminator_optimizer.lr=5e-5, or a "
        "smaller one: discriminator@model.discriminator=patchgan34"
    )

    def __init__(
        self, *, share: float = 0.05, fall: float = 0.05, window_images: int = 4000, least_readings: int = 20
    ) -> None:
        super().__init__(window_images=window_images, least_readings=least_readings)
        self.share, self.fall = share, fall

    def look(self, readings: Sequence[Reading]) -> Symptom | None:
        """See `TermDetector`."""
        if len(readings) < self.least_readings:
            return None
        names = [name for name, scale in readings[-1].undecided.items() if name.startswith(_TERM) and scale > 0]
        shares = {name: median(r.terms[name] / r.undecided[name] for r in readings) for name in names}
        stuck = {
            name: share
            for name, share in shares.items()
            if share < self.share and _relative_fall(readings, name.replace("discriminator", "generator")) < self.fall
        }
        if not stuck:
            return None
        name = min(stuck, key=stuck.__getitem__)
        images = readings[-1].images_seen - readings[0].images_seen
        evidence = f"{name} is {stuck[name]:.1%} of what not knowing costs, and G's did not fall, for {images:,} images"
        return Symptom(self.name, evidence, self.advice)


def _relative_fall(readings: Sequence[Reading], name: str) -> float:
    """Relative fall from the mean of the first half to that of the second; 0 if G has no such term."""
    values = [reading.terms[name] for reading in readings if name in reading.terms]
    if len(values) < 2:
        return 0.0
    middle = len(values) // 2
    before, after = fmean(values[:middle]), fmean(values[middle:])
    return (before - after) / abs(before) if before else 0.0
