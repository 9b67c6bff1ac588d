"""Whether a picture is taken for a painting, by a judge that has learned to tell paintings from photographs."""

from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

import torch
from torch import Tensor

from stylegan_pl.metrics.bootstrap import bootstrap_interval
from stylegan_pl.metrics.by_painting import ByPainting, by_painting
from stylegan_pl.metrics.features import SetFeatures, in_full_precision
from stylegan_pl.metrics.kinds import Interval
from stylegan_pl.metrics.logistic import Logistic, logistic_regression
from stylegan_pl.metrics.per_picture import check_pairs


class _Fold(NamedTuple):
    """A judge, and what was kept from it."""

    judge: Logistic
    paintings: Tensor  # (M, K, d), crops of paintings
    stylised: Tensor  # (N, K, d), whose photographs were kept from it


class Probe(ByPainting):
    """Share of the crops of stylised pictures that are taken for a painting's; 1 is best.

    The judge is a logistic regression on the means and deviations of a frozen network's channels, of crops of 128
    pixels, that tells the paintings from the photographs. It is fitted `folds` times, each time without a part of the
    paintings, whole paintings with all their crops, and without a part of the photographs: pictures are judged by the
    fit that has not seen their own photograph. So the floor, untouched photographs, and the ceiling, paintings, are of
    pictures that the judge does not know. After Sanakoyeu et al. (2018), who ask a network trained on artists.

    It tells whether strokes and colours are a painter's, and nothing of what became of the photograph: read it beside
    SSIM. At 64 pixels, photographs shrunk so far look like paintings to any judge; take 256.

    Args:
        features: `TapStatistics` of a network.
        crop: pixels; of smaller pictures the whole is judged.
        folds: fits; fewer where there are fewer paintings or photographs.
        penalty: of the weights, columns at deviation 1.
    """

    higher_is_better = True

    def __init__(self, *, features: SetFeatures, crop: int = 128, folds: int = 5, penalty: float = 0.01) -> None:
        super().__init__(features=features)
        if crop < 16 or folds < 2 or penalty <= 0:
            raise ValueError(
                f"crop must be at least 16, folds at least 2, penalty above 0, got {crop}, {folds} and {penalty}"
            )
        self.crop, self.folds, self.penalty = crop, folds, penalty
        self.resize = f"crops of {crop} pixels"
        self._known: dict[bytes, Tensor] = {}  # of photographs, which are the same in every round

    def update(
        self, images: Tensor, *, real: bool, sources: Tensor | None = None, content: Tensor | None = None
    ) -> None:
        """Add paintings, or stylised pictures with their photographs `content`, (N, 3, H, W) in [-1, 1] each.

        Raises:
            ValueError: stylised pictures come without their photographs.
        """
        if real:
            super().update(images, real=True, sources=sources)
            return
        if content is None:
            raise ValueError("Probe learns from the photographs, too; call add_stylised(images, content)")
        check_pairs(images, content)
        if len(images):
            photographs = self._of_photographs(content)
            stylised = photographs if torch.equal(images, content) else self._kept(images)
            self.fake.append(torch.cat([stylised, photographs], dim=1))  # (N, 2 K, d)

    def add_stylised(self, images: Tensor, content: Tensor) -> None:
        """See `PictureMetric`."""
        self.update(images, real=False, content=content)

    @property
    def paintings_key(self) -> str | None:
        """See `SetMetric`."""
        return None if self.features.key is None else f"{self.features.key} {self.resize}"

    def _kept(self, images: Tensor) -> Tensor:
        """(N, 3, H, W) -> (N, K, d): K crops a picture."""
        crops = tiles(images.detach().float(), self.crop)  # (N, K, 3, c, c)
        return in_full_precision(self.features, crops.flatten(0, 1)).flatten(1).view(*crops.shape[:2], -1)

    def _of_photographs(self, content: Tensor) -> Tensor:
        pixels = content.detach().float().cpu().contiguous()
        names = [sha256(picture.numpy().tobytes()).digest() for picture in pixels]
        new = [i for i, name in enumerate(names) if name not in self._known]
        if new:
            self._known |= dict(zip((names[i] for i in new), self._kept(content[new]), strict=True))
        return torch.stack([self._known[name] for name in names]).to(content.device)

    def _distance(self, real: Tensor, fake: Tensor) -> Tensor:
        return self._each(real, fake).mean()

    def _each(self, real: Tensor, fake: Tensor) -> Tensor:
        """Of each picture, the share of its crops that are taken for a painting's: (N,), in ascending order."""
        shares = [(fold.judge.logits(fold.stylised) > 0).double().mean(dim=1) for fold in self._folds(real, fake)]
        return torch.cat(shares).sort().values

    def _interval(self, samples: int, value: float) -> Interval:
        """Over pictures; the judges stay."""
        return bootstrap_interval(self._each(*self._sets()), torch.mean, samples=samples)

    def _among_paintings(self) -> Tensor:
        real = self._paintings()
        if len(self.fake) == 0 or len(real) < 2:
            return torch.tensor(torch.nan)
        folds = self._folds(*self._sets())
        return torch.cat([(fold.judge.logits(fold.paintings) > 0).double().flatten() for fold in folds]).mean()

    def _folds(self, real: Tensor, fake: Tensor) -> Iterator[_Fold]:
        paintings, numbers = by_painting(real)
        photographs, stylised = _by_photograph(*reversed(fake.chunk(2, dim=1)))
        folds = min(self.folds, int(numbers.max()) + 1, len(photographs))
        of_paintings, of_photographs = numbers % folds, torch.arange(len(photographs)) % folds
        for fold in range(folds):
            learned, shown = of_photographs != fold, of_paintings != fold
            if folds == 1:  # where one is all there is, it is learned from and judged
                learned, shown = ~learned, ~shown
            judge = logistic_regression(
                photographs[learned].flatten(0, 1), paintings[shown].flatten(0, 1), penalty=self.penalty
            )
            yield _Fold(judge, paintings[of_paintings == fold], stylised[of_photographs == fold])


def tiles(images: Tensor, size: int) -> Tensor:
    """(N, 3, H, W) -> (N, K, 3, size, size): squares side by side around the middle; one whole picture if smaller."""
    height, width = images.shape[-2:]
    if min(height, width) < size:
        return images[:, None]
    rows, columns = height // size, width // size
    top, left = (height - rows * size) // 2, (width - columns * size) // 2
    middle = images[..., top : top + rows * size, left : left + columns * size]
    return middle.unfold(2, size, size).unfold(3, size, size).permute(0, 2, 3, 1, 4, 5).flatten(1, 2)


def _by_photograph(photographs: Tensor, stylised: Tensor) -> tuple[Tensor, Tensor]:
    """Both in an order of the photographs alone: what was made of them does not decide who is judged by whom."""
    other = torch.randn(photographs[0].numel(), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    order = (photographs.flatten(1).cpu().double() @ other).argsort(stable=True)
    return photographs[order], stylised[order]
